import type { Column, TrainingExample } from '../../src/scoring';
import { seededRandom } from '../../src/seeded-random';

export const TRAINED_AT = '2026-02-01T00:00:00.000Z';

export const COLUMNS: Column[] = [
  { name: 'visits', kind: 'numeric' },
  { name: 'seconds', kind: 'numeric' },
  { name: 'channel', kind: 'categorical' },
  { name: 'size', kind: 'categorical', label: { en: 'Company size', zh: '公司规模' } },
  { name: 'noise', kind: 'categorical' },
];

/** Closed leads whose chance is known: visits help, "partner" helps most, small companies that stay long buy. */
export function history(count: number, seed = 7): TrainingExample[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const visits = Math.floor(random() * 12);
    const seconds = Math.floor(random() ** 2 * 1500);
    const channel = ['ads', 'search', 'partner', 'event'][Math.floor(random() * 4)] ?? 'ads';
    const size = random() < 0.2 ? null : random() < 0.5 ? 'small' : 'large';
    const logOdds =
      -2 + 0.15 * visits + (channel === 'partner' ? 1.6 : 0) + (size === 'small' && seconds > 400 ? 1.8 : 0);
    const noise = `n${Math.floor(random() * 300)}`;
    return { row: { visits, seconds, channel, size, noise }, won: random() < 1 / (1 + Math.exp(-logOdds)) };
  });
}
