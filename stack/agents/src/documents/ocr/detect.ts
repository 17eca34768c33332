import { cut, type Picture } from './image';
import type { Network } from './models';

/** A line of text in pixels of the picture, possibly tilted. */
export interface TextBox {
  /** Upright box around the line once it is levelled at its middle. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Slope in degrees, clockwise positive; undefined when the line is too short to tell. */
  readonly angle: number | undefined;
}

const MEAN = [0.485, 0.456, 0.406];
const DEVIATION = [0.229, 0.224, 0.225];
const TEXT = 0.3;
const LINE = 0.5;
/** The detector marks the core of a line; this ratio grows it back to the letters' full height. */
const GROW = 1.6;
/** Sides in pixels that the detector sees at most. */
const MAX_WIDTH = 1000;
const MAX_HEIGHT = 2400;

function toTensor({ data, width, height }: Picture): Float32Array {
  const plane = width * height;
  const tensor = new Float32Array(3 * plane);
  for (let channel = 0; channel < 3; channel += 1) {
    const mean = MEAN[channel] ?? 0;
    const deviation = DEVIATION[channel] ?? 1;
    // The network was trained on BGR.
    for (let i = 0; i < plane; i += 1) {
      tensor[channel * plane + i] = ((data[i * 3 + 2 - channel] ?? 0) / 255 - mean) / deviation;
    }
  }
  return tensor;
}

/** Connected areas of the probability map: positions of their pixels. */
function findBlobs(map: Float32Array, width: number, height: number): number[][] {
  const seen = new Uint8Array(width * height);
  const blobs: number[][] = [];
  for (let start = 0; start < map.length; start += 1) {
    if (seen[start] === 1 || (map[start] ?? 0) <= TEXT) continue;
    const blob: number[] = [];
    const visit = (at: number): void => {
      if (seen[at] === 1 || (map[at] ?? 0) <= TEXT) return;
      seen[at] = 1;
      blob.push(at);
    };
    visit(start);
    for (let next = 0; next < blob.length; next += 1) {
      const at = blob[next] ?? 0;
      const x = at % width;
      if (x > 0) visit(at - 1);
      if (x < width - 1) visit(at + 1);
      if (at >= width) visit(at - width);
      if (at < width * (height - 1)) visit(at + width);
    }
    blobs.push(blob);
  }
  return blobs;
}

interface Extent {
  readonly middleX: number;
  readonly middleY: number;
  readonly length: number;
  readonly thickness: number;
}

/** Size of a blob along a direction and across it. */
function extentOf(blob: readonly number[], width: number, radians: number): Extent {
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  let [u0, u1, v0, v1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const at of blob) {
    const x = at % width;
    const y = (at - x) / width;
    const u = x * cos + y * sin;
    const v = y * cos - x * sin;
    if (u < u0) u0 = u;
    if (u > u1) u1 = u;
    if (v < v0) v0 = v;
    if (v > v1) v1 = v;
  }
  const [u, v] = [(u0 + u1) / 2, (v0 + v1) / 2];
  return {
    middleX: u * cos - v * sin,
    middleY: u * sin + v * cos,
    length: u1 - u0 + 1,
    thickness: v1 - v0 + 1,
  };
}

/** Direction of the longest axis in radians. */
function slopeOf(blob: readonly number[], width: number): number {
  let [sx, sy, sxx, sxy] = [0, 0, 0, 0];
  for (const at of blob) {
    const x = at % width;
    const y = (at - x) / width;
    sx += x;
    sy += y;
    sxx += x * x;
    sxy += x * y;
  }
  const variance = sxx - (sx * sx) / blob.length;
  return variance === 0 ? 0 : Math.atan((sxy - (sx * sy) / blob.length) / variance);
}

/** Lines of text in a picture, in no order. */
export async function detectText(picture: Picture, detector: Network): Promise<TextBox[]> {
  const scale = Math.min(2, MAX_WIDTH / picture.width, MAX_HEIGHT / picture.height);
  const width = Math.max(32, Math.round((picture.width * scale) / 32) * 32);
  const height = Math.max(32, Math.round((picture.height * scale) / 32) * 32);
  const whole = { x: 0, y: 0, width: picture.width, height: picture.height };
  const { data } = await detector.run(toTensor(await cut(picture, whole, width, height)), width, height);
  const [scaleX, scaleY] = [picture.width / width, picture.height / height];
  const boxes: TextBox[] = [];
  for (const blob of findBlobs(data, width, height)) {
    if (blob.length < 10) continue;
    if (blob.reduce((sum, at) => sum + (data[at] ?? 0), 0) / blob.length < LINE) continue;
    const level = extentOf(blob, width, 0);
    const long = level.length > 4 * level.thickness;
    const slope = long ? slopeOf(blob, width) : 0;
    const extent = slope === 0 ? level : extentOf(blob, width, slope);
    const { length, thickness } = extent;
    if (Math.min(length, thickness) < 3) continue;
    const margin = (length * thickness * GROW) / (2 * (length + thickness));
    const size = { width: (length + 2 * margin) * scaleX, height: (thickness + 2 * margin) * scaleY };
    boxes.push({
      ...size,
      x: (extent.middleX + 0.5) * scaleX - size.width / 2,
      y: (extent.middleY + 0.5) * scaleY - size.height / 2,
      angle: long ? (slope * 180) / Math.PI : undefined,
    });
  }
  return boxes;
}
