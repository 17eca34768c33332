import type { Line } from '../../layout/lines';
import type { Field } from '../../types';
import { findDates, type FoundDate } from '../dates';
import { fold } from '../text';

const LABEL = /(?:\bdate|tarikh|\bdt\b|datum|fecha)/;
const TIME = /\d{1,2}\s?[:.]\s?\d{2}(?:\s?[:.]\s?\d{2})?\s?(?:[ap]\.?m)?/i;
const NOT_THE_DAY = /(?:expir|valid|until|before|due|exchange|gst act|printed|best\s*by|member|birth)/;

/** Recognisers see spaces, quotes and letters among the digits of a date. */
function repair(text: string): string {
  return text
    .replace(/(?<=\d)[oO](?=[\d/.-])|(?<=[\d/.-])[oO](?=\d)/g, '0')
    .replace(/(?<=\d[/.-])[lI|](?=\d)|(?<=\d)[lI|](?=[/.-]\d)/g, '1')
    .replace(/(?<![\p{L}\d])[lI|](?=\d[/.-]\d{1,2}[/.-]\d)/gu, '1')
    .replace(/(?<=\d)\s*[:;,'’]\s*(?=\d{1,2}\s?-\s?\d{2})/g, '-');
}

/** At a label the figures of a date may stand apart, or between signs that were misread. */
function repairLabelled(text: string): string {
  return text.replace(/(?<!\d)(\d{1,2})\s?[ ,:;\\]\s?(\d{1,2})\s?[ ,:;\\]\s?(20\d\d)(?!\d)/g, '$1/$2/$3');
}

/** Day of a receipt, ISO 8601. */
export function readReceiptDate(lines: readonly Line[], dayFirst: boolean): Field | undefined {
  let best: { date: FoundDate; score: number; reasons: string[] } | undefined;
  lines.forEach((line, at) => {
    const folded = fold(line.text);
    const text = LABEL.test(folded) ? repairLabelled(repair(line.text)) : repair(line.text);
    const above = fold(lines[at - 1]?.text ?? '');
    for (const date of findDates(text, { dayFirst })) {
      const reasons: string[] = [];
      let score = 1 - at * 0.005;
      if (LABEL.test(folded)) [score] = [score + 2, reasons.push('labelled date')];
      else if (LABEL.test(above)) [score] = [score + 1, reasons.push('below a label')];
      if (TIME.test(text.slice(date.index + 6))) [score] = [score + 1, reasons.push('with a time')];
      if (NOT_THE_DAY.test(folded)) score -= 2.5;
      if (!best || score > best.score) best = { date, score, reasons };
    }
  });
  if (!best) return undefined;
  const { date, score, reasons } = best;
  return {
    value: date.value,
    confidence: Math.max(0.2, Math.min(0.97, 0.6 + score * 0.1 - (date.ambiguous ? 0.1 : 0))),
    reason: `${reasons.length > 0 ? `The date is ${reasons.join(', ')}` : 'The first date'}${
      date.ambiguous
        ? `; day and month could be exchanged, ${dayFirst ? 'day' : 'month'} first was taken`
        : ''
    }.`,
  };
}
