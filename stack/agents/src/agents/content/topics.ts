import type { AskedQuestion, TopicPerformance } from './ports';
import { wordsOf } from './words';

export interface TopicSuggestion {
  topic: string;
  /** 0–100 */
  score: number;
  /** Where it comes from and why, one sentence each. */
  reasons: string[];
}

export interface TopicsInput {
  performance: readonly TopicPerformance[];
  questions: readonly AskedQuestion[];
  /** Titles that exist. */
  publishedTitles: readonly string[];
  limit?: number;
}

const STOP = new Set(
  'a an and are as at be by can do does for from have how i in is it me my of on or our that the this to we what when where which who why will with you your'.split(
    ' ',
  ),
);
const SAME = 0.5;

/** What to write about next: questions nobody has answered yet, then topics that brought leads. No model. */
export function suggestTopics({
  performance,
  questions,
  publishedTitles,
  limit = 10,
}: TopicsInput): TopicSuggestion[] {
  const groups: { topic: string; count: number }[] = [];
  for (const { text, count } of [...questions].sort((left, right) => right.count - left.count)) {
    const group = groups.find((one) => likeness(one.topic, text) >= SAME);
    if (group) group.count += count;
    else groups.push({ topic: text.trim(), count });
  }
  const mostAsked = Math.max(1, ...groups.map((group) => group.count));
  const rates = performance.map((one) => smoothedRate(one, performance));
  const bestRate = Math.max(Number.EPSILON, ...rates);
  const asked = groups.map(({ topic, count }) => {
    const written = publishedTitles.some((title) => likeness(title, topic) >= SAME);
    return {
      topic,
      score: Math.round((count / mostAsked) * (written ? 40 : 100)),
      reasons: [
        `Asked ${count} times.`,
        written ? 'There is something on it already: renew it.' : 'Nothing is published on it.',
      ],
    };
  });
  const done = performance.map(({ topic, views, conversions }, index) => ({
    topic,
    score: Math.round(((rates[index] ?? 0) / bestRate) * 70),
    reasons: [`${conversions} leads from ${views} views.`],
  }));
  return [...asked, ...done].sort((left, right) => right.score - left.score).slice(0, limit);
}

/** Leads per view, drawn to the average of all while views are few. */
function smoothedRate({ views, conversions }: TopicPerformance, all: readonly TopicPerformance[]): number {
  const total = all.reduce((left, one) => left + one.views, 0);
  const average = total === 0 ? 0 : all.reduce((left, one) => left + one.conversions, 0) / total;
  const weight = 200;
  return (conversions + average * weight) / (views + weight);
}

function likeness(left: string, right: string): number {
  const one = new Set(wordsOf(left).filter((word) => !STOP.has(word)));
  const other = new Set(wordsOf(right).filter((word) => !STOP.has(word)));
  const common = [...one].filter((word) => other.has(word)).length;
  return common / Math.max(1, Math.min(one.size, other.size));
}
