import { sigmoid, softplus } from './math';

/** Area under the ROC curve: how often a won lead stands above a lost one; ties count half. NaN without both. */
export function areaUnderCurve(scores: ArrayLike<number>, won: ArrayLike<number>): number {
  const order = Array.from({ length: scores.length }, (_, index) => index).sort(
    (a, b) => (scores[a] ?? 0) - (scores[b] ?? 0),
  );
  let positives = 0;
  let rankSum = 0;
  for (let from = 0; from < order.length;) {
    let to = from;
    let wins = 0;
    while (to < order.length && scores[order[to] ?? 0] === scores[order[from] ?? 0]) {
      wins += won[order[to] ?? 0] ?? 0;
      to += 1;
    }
    // Tied scores share the mean of the ranks from + 1 … to.
    rankSum += (wins * (from + 1 + to)) / 2;
    positives += wins;
    from = to;
  }
  const negatives = order.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Mean negative log-likelihood, in nats. */
export function logLoss(logOdds: ArrayLike<number>, won: ArrayLike<number>): number {
  let total = 0;
  for (let index = 0; index < logOdds.length; index += 1) {
    const value = logOdds[index] ?? 0;
    total += softplus(value) - (won[index] ?? 0) * value;
  }
  return total / logOdds.length;
}

/** Mean squared distance between probability and outcome. */
export function brierScore(logOdds: ArrayLike<number>, won: ArrayLike<number>): number {
  let total = 0;
  for (let index = 0; index < logOdds.length; index += 1) {
    total += (sigmoid(logOdds[index] ?? 0) - (won[index] ?? 0)) ** 2;
  }
  return total / logOdds.length;
}

/** Mean gap between promised and seen share of wins over ten groups of equal size, weighted by size. */
export function calibrationError(logOdds: ArrayLike<number>, won: ArrayLike<number>): number {
  const groups = 10;
  const order = Array.from({ length: logOdds.length }, (_, index) => index).sort(
    (a, b) => (logOdds[a] ?? 0) - (logOdds[b] ?? 0),
  );
  let total = 0;
  for (let group = 0; group < groups; group += 1) {
    const from = Math.floor((group * order.length) / groups);
    const to = Math.floor(((group + 1) * order.length) / groups);
    let gap = 0;
    for (const index of order.slice(from, to)) gap += sigmoid(logOdds[index] ?? 0) - (won[index] ?? 0);
    total += Math.abs(gap);
  }
  return total / order.length;
}
