import { z } from 'zod';
import { sigmoid } from './math';

/** Platt scaling: calibrated log-odds = slope · log-odds + offset. Linear, so contributions stay exact. */
export const calibrationSchema = z.strictObject({ slope: z.number().positive(), offset: z.number() });
export type Calibration = z.infer<typeof calibrationSchema>;

const STEPS = 50;
const SLOPE_LEAST = 0.01;

/** Fitted on out-of-fold log-odds: those of the training rows themselves would be too sure. */
export function fitCalibration(logOdds: Float64Array, won: Float64Array): Calibration {
  const wins = won.reduce((total, each) => total + each, 0);
  // Platt's targets: never quite 0 or 1, so that a perfect order does not give endless odds.
  const [high, low] = [(wins + 1) / (wins + 2), 1 / (won.length - wins + 2)];
  let slope = 1;
  let offset = 0;
  for (let step = 0; step < STEPS; step += 1) {
    let [gs, go, hss, hso, hoo] = [0, 0, 1e-9, 0, 1e-9];
    for (let row = 0; row < won.length; row += 1) {
      const value = logOdds[row] ?? 0;
      const probability = sigmoid(slope * value + offset);
      const error = probability - (won[row] === 1 ? high : low);
      const weight = probability * (1 - probability);
      gs += error * value;
      go += error;
      hss += weight * value * value;
      hso += weight * value;
      hoo += weight;
    }
    const determinant = hss * hoo - hso * hso;
    if (!(determinant > 1e-12)) break;
    const stepSlope = (hoo * gs - hso * go) / determinant;
    const stepOffset = (hss * go - hso * gs) / determinant;
    const limit = Math.max(1, Math.abs(stepSlope), Math.abs(stepOffset));
    slope -= stepSlope / limit;
    offset -= stepOffset / limit;
    if (Math.abs(stepSlope) + Math.abs(stepOffset) < 1e-9) break;
  }
  // Scores that order the history backwards carry nothing: the slope stays above 0 and near it.
  return { slope: Math.max(slope, SLOPE_LEAST), offset };
}

export function calibrated(logOdds: number, { slope, offset }: Calibration): number {
  return slope * logOdds + offset;
}
