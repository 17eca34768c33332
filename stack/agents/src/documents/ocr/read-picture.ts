import type { Page, TextItem } from '../layout/page';
import { detectText, type TextBox } from './detect';
import { cut, rotate, type Picture } from './image';
import { loadModels, type OcrModels } from './models';
import { recognizeLine } from './recognize';

/** Degrees below which turning would blur more than it straightens. */
const LEVEL = 0.4;
/** Letters lower than this many detector pixels are read again after zooming in. */
const SMALL_LINE = 16;
const ZOOM_WIDTH = 1000;

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function skewOf(boxes: readonly TextBox[]): number {
  const angles = boxes.flatMap((box) => (box.angle === undefined ? [] : [box.angle]));
  return angles.length < 3 ? 0 : (median(angles) ?? 0);
}

/** The part that has text, with a margin; undefined when that is nearly the whole picture. */
function textArea(picture: Picture, boxes: readonly TextBox[]): TextBox | undefined {
  const lines = boxes.filter((box) => box.width > box.height);
  const height = median(lines.map((box) => box.height));
  if (height === undefined || lines.length < 5) return undefined;
  const scale = Math.min(2, ZOOM_WIDTH / picture.width);
  if (height * scale >= SMALL_LINE) return undefined;
  const x0 = Math.max(0, Math.min(...lines.map((box) => box.x)) - height * 2);
  const y0 = Math.max(0, Math.min(...lines.map((box) => box.y)) - height * 2);
  const x1 = Math.min(picture.width, Math.max(...lines.map((box) => box.x + box.width)) + height * 2);
  const y1 = Math.min(picture.height, Math.max(...lines.map((box) => box.y + box.height)) + height * 2);
  const gain = Math.min(picture.width / (x1 - x0), 24 / (height * scale));
  return gain < 1.25 ? undefined : { x: x0, y: y0, width: x1 - x0, height: y1 - y0, angle: undefined };
}

async function recognizeAll(
  picture: Picture,
  boxes: readonly TextBox[],
  models: OcrModels,
): Promise<TextItem[]> {
  const items: TextItem[] = [];
  for (const box of boxes) {
    if (box.height > box.width * 1.5) continue;
    const item = await recognizeLine(picture, box, models);
    if (item && item.confidence > 0.4) items.push(item);
  }
  return items;
}

function certainty(items: readonly TextItem[]): number {
  return items.length === 0 ? 0 : items.reduce((sum, item) => sum + item.confidence, 0) / items.length;
}

/** OCR of one page: turned upright, deskewed, zoomed in when the letters are small. */
export async function readPicture(original: Picture): Promise<Page> {
  const models = await loadModels();
  let picture = original;
  let boxes = await detectText(picture, models.detector);
  const standing = boxes.filter((box) => box.height > box.width * 2).length;
  const sideways = boxes.length >= 6 && standing > boxes.length * 0.6;
  if (sideways) {
    picture = await rotate(picture, 90);
    boxes = await detectText(picture, models.detector);
  }
  const skew = skewOf(boxes);
  if (Math.abs(skew) > LEVEL && Math.abs(skew) < 20) {
    picture = await rotate(picture, -skew);
    boxes = await detectText(picture, models.detector);
  }
  const area = textArea(picture, boxes);
  if (area) {
    const zoom = Math.min(3, Math.max(1, ZOOM_WIDTH / area.width));
    picture = await cut(picture, area, Math.round(area.width * zoom), Math.round(area.height * zoom));
    boxes = await detectText(picture, models.detector);
  }
  let items = await recognizeAll(picture, boxes, models);
  if (items.length >= 4 && certainty(items) < 0.7) {
    const turned = await rotate(picture, 180);
    const other = await recognizeAll(turned, await detectText(turned, models.detector), models);
    if (certainty(other) > certainty(items) + 0.1) [picture, items] = [turned, other];
  }
  return { width: picture.width, height: picture.height, items };
}
