import type { Line, Segment } from '../../layout/lines';

/** Letters without accents, one for one, so that positions stay what they are. */
export function plain(text: string): string {
  return [...text]
    .map((c) => {
      const bare = c.normalize('NFKD').replace(/\p{M}/gu, '');
      return bare.length === c.length ? bare : c;
    })
    .join('');
}

export interface NearValue {
  /** Text at the label: what follows it, what stands right of it, what stands below it. */
  readonly text: string;
  readonly place: 'after' | 'right' | 'below';
  readonly label: string;
  readonly line: Line;
}

function overlaps(a: Segment, b: Segment): boolean {
  const shared = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  return shared > 0.3 * Math.min(a.width, b.width) || Math.abs(a.x - b.x) < a.height;
}

/** The next pieces of text under a segment, nearest first. */
export function below(lines: readonly Line[], at: number, segment: Segment, reach = 3): Segment[] {
  const start = lines[at];
  const found: Segment[] = [];
  for (let next = at + 1; next <= at + reach * 2 && next < lines.length && found.length < reach; next += 1) {
    const line = lines[next];
    if (!line || !start || line.page !== start.page) break;
    const under = line.segments.find((other) => overlaps(segment, other));
    if (under) found.push(under);
  }
  return found;
}

/** Values at every place where a label stands, best places first for each. */
export function valuesNear(lines: readonly Line[], label: RegExp): NearValue[] {
  const values: NearValue[] = [];
  lines.forEach((line, at) => {
    line.segments.forEach((segment, index) => {
      const match = label.exec(plain(segment.text));
      if (!match) return;
      const add = (text: string | undefined, place: NearValue['place']): void => {
        if (text !== undefined && text !== '') values.push({ text, place, label: match[0].trim(), line });
      };
      add(segment.text.slice(match.index + match[0].length).replace(/^[\s:.#№°º\-–|]+(?=\S)/u, ''), 'after');
      add(line.segments[index + 1]?.text.replace(/^[:\s]+/, ''), 'right');
      if (line.segments[index + 1]?.text.trim() === ':') add(line.segments[index + 2]?.text, 'right');
      add(below(lines, at, segment, 1)[0]?.text, 'below');
    });
  });
  return values;
}
