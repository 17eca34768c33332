import fc from 'fast-check';
import { fitCalibration } from '../../src/scoring/model/calibration';
import { sigmoid } from '../../src/scoring/model/math';
import { areaUnderCurve, calibrationError } from '../../src/scoring/model/metrics';
import { seededRandom } from '../../src/seeded-random';

test('the area under the curve counts pairs, ties half', () => {
  const scored = fc.array(fc.record({ score: fc.integer({ min: 0, max: 6 }), won: fc.boolean() }), {
    minLength: 2,
  });
  fc.assert(
    fc.property(scored, (all) => {
      const won = all.filter((each) => each.won);
      const lost = all.filter((each) => !each.won);
      fc.pre(won.length > 0 && lost.length > 0);
      const wins = won.flatMap((a) =>
        lost.map((b) => (a.score > b.score ? 1 : a.score === b.score ? 0.5 : 0)),
      );
      const expected = wins.reduce<number>((sum, each) => sum + each, 0) / wins.length;
      const found = areaUnderCurve(
        all.map((each) => each.score),
        all.map((each) => Number(each.won)),
      );
      expect(found).toBeCloseTo(expected, 10);
    }),
  );
});

test('calibration takes over-confidence back', () => {
  const random = seededRandom(3);
  const truth = Float64Array.from({ length: 4000 }, () => 4 * random() - 2.5);
  const won = truth.map((logOdds) => (random() < sigmoid(logOdds) ? 1 : 0));
  const overconfident = truth.map((logOdds) => 3 * logOdds + 1);
  const { slope, offset } = fitCalibration(overconfident, won);
  expect(slope).toBeCloseTo(1 / 3, 1);
  const repaired = overconfident.map((logOdds) => slope * logOdds + offset);
  expect(calibrationError(repaired, won)).toBeLessThan(0.03);
  expect(calibrationError(overconfident, won)).toBeGreaterThan(0.1);
});

test('scores that order leads backwards or perfectly still give finite, rising probabilities', () => {
  const scores = Float64Array.from({ length: 100 }, (_, at) => at / 50 - 1);
  for (const won of [scores.map((value) => Number(value < 0)), scores.map((value) => Number(value >= 0))]) {
    const { slope, offset } = fitCalibration(scores, won);
    expect(slope).toBeGreaterThan(0);
    expect(Number.isFinite(offset)).toBe(true);
  }
});
