/** A logo that is part of the piece: it shows offline and in every Activepieces. */
export function svgLogo(svg: string): string {
  return `data:image/svg+xml;base64,${Buffer.from(svg.replaceAll(/\s*\n\s*/g, ' ').trim()).toString('base64')}`;
}
