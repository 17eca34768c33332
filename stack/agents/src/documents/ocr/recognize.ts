import type { TextItem } from '../layout/page';
import type { TextBox } from './detect';
import { levelled, type Picture } from './image';
import type { OcrModels } from './models';
import { blankRuns, spacesBetween } from './spaces';

const HEIGHT = 48;
const MAX_WIDTH = 2400;

export interface Character {
  readonly text: string;
  readonly confidence: number;
  /** First and last column of the recogniser in which the character stood. */
  readonly from: number;
  to: number;
}

function toTensor({ data, width }: Picture): Float32Array {
  const plane = width * HEIGHT;
  const tensor = new Float32Array(3 * plane);
  for (let channel = 0; channel < 3; channel += 1) {
    for (let i = 0; i < plane; i += 1) {
      tensor[channel * plane + i] = (data[i * 3 + 2 - channel] ?? 0) / 127.5 - 1;
    }
  }
  return tensor;
}

/** Best character a column; repeats and blanks fall together (CTC). */
function decode(
  data: Float32Array,
  columns: number,
  classes: number,
  alphabet: readonly string[],
): Character[] {
  const characters: Character[] = [];
  let last = 0;
  for (let column = 0; column < columns; column += 1) {
    let best = 0;
    let probability = -1;
    for (let c = 0; c < classes; c += 1) {
      const value = data[column * classes + c] ?? 0;
      if (value > probability) [best, probability] = [c, value];
    }
    const current = characters.at(-1);
    if (best !== 0 && best === last && current) current.to = column;
    else if (best !== 0) {
      characters.push({ text: alphabet[best] ?? '', confidence: probability, from: column, to: column });
    }
    last = best;
  }
  return characters;
}

/** Full-width forms are what a Chinese recogniser makes of Latin punctuation. */
function toLatin(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[，、]/g, ',')
    .replace(/。/g, '.')
    .replace(/[“”]/g, '"')
    .replace(/[‘’]/g, "'");
}

/** Text of one line; undefined when nothing can be read. */
export async function recognizeLine(
  picture: Picture,
  box: TextBox,
  models: OcrModels,
): Promise<TextItem | undefined> {
  const width = Math.max(16, Math.min(MAX_WIDTH, Math.round((HEIGHT * box.width) / box.height)));
  const line = levelled(picture, box, width, HEIGHT);
  const { data, dims } = await models.recognizer.run(toTensor(line), width, HEIGHT);
  const [columns, classes] = [dims[1] ?? 0, dims[2] ?? 0];
  const characters = decode(data, columns, classes, models.alphabet);
  const letters = characters.filter((c) => c.text.trim() !== '');
  if (letters.length === 0) return undefined;
  const spaceClass = models.alphabet.length - 1;
  const gaps = spacesBetween({
    characters,
    runs: blankRuns(line),
    step: width / columns,
    spaceProbability: (column) => data[column * classes + spaceClass] ?? 0,
  });
  const text = letters.map((c, i) => (i > 0 && gaps[i - 1] ? ` ${c.text}` : c.text)).join('');
  return {
    text: toLatin(text),
    x: box.x,
    y: box.y,
    width: box.width,
    height: box.height,
    confidence: letters.reduce((sum, c) => sum + c.confidence, 0) / letters.length,
  };
}
