import fc from 'fast-check';
import {
  centsOf,
  checkRefund,
  compareVariants,
  decimalOf,
  findBottlenecks,
  forecast,
  formatMoney,
  freeTimes,
  readability,
  refundPolicySchema,
  renderFacts,
  scoreSeo,
  similarity,
  suggestTopics,
} from '../../src/agents';
import { findQuote } from '../../src/agents/sales/find-quote';

describe('figures in text', () => {
  const facts = [{ name: 'a.total', text: '12.50 EUR' }];

  it('come from facts', () => {
    expect(renderFacts('It is {{a.total}}, one of the first.', facts)).toEqual({
      ok: true,
      text: 'It is 12.50 EUR, one of the first.',
    });
  });

  it.each([
    'It is 12.',
    'It is 1２.',
    'It is ①.',
    'It is ½.',
    'It is ⅷ.',
    'It is ١٢.',
    'twelve thousand',
    'It doubled.',
    'ninety percent',
    '共一百二十元',
    '增长三成',
    '百分之五',
    '二十',
    '{{a.other}}',
    '{{a.total',
    'Q3',
    'It is {{a.total}}0',
  ])('refuses %j', (text) => {
    expect(renderFacts(text, facts).ok).toBe(false);
  });

  it.each(['一些客户一般都满意', '第一次', 'No one knows', 'weight and height'])('lets %j be', (text) => {
    expect(renderFacts(text, facts)).toEqual({ ok: true, text });
  });

  it('never lets a digit of the model through', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.nat(),
        fc.string({ unit: 'grapheme' }),
        (before, number, after) => {
          fc.pre(!before.includes('{') && !after.includes('}'));
          expect(renderFacts(`${before}${number}${after}`, []).ok).toBe(false);
        },
      ),
    );
  });

  it('money goes there and back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 16n), max: 10n ** 16n }), (cents) => {
        expect(centsOf(decimalOf(cents))).toBe(cents);
        expect(formatMoney(decimalOf(cents), 'EUR').replaceAll(',', '')).toBe(`${decimalOf(cents)} EUR`);
      }),
    );
  });
});

describe('refunds', () => {
  const invoice = {
    id: '1',
    number: 'I-1',
    customer: 'c',
    issued: '2026-01-01',
    due: '2026-02-01',
    currency: 'EUR',
    total: '100.00',
    paid: '100.00',
    refunded: '40.00',
    paidAt: '2026-01-10',
    status: 'paid',
  };
  const now = new Date('2026-01-20T00:00:00Z');
  const policy = refundPolicySchema.parse({});

  it.each([
    ['60.00', {}, []],
    ['60.01', {}, ['too_much']],
    ['0.00', {}, ['amount_invalid']],
    ['-5', {}, ['amount_invalid']],
    ['1e3', {}, ['amount_invalid']],
    ['10.00', { paidAt: null, paid: '0.00' }, ['not_paid', 'too_much']],
    ['10.00', { paidAt: '2025-12-01' }, ['too_late']],
    ['10.00', { status: 'disputed' }, ['status']],
    ['10.00', { refunded: '100.00' }, ['nothing_left']],
  ])('of %s with %j: %j', (amount, change, reasons) => {
    expect(checkRefund({ ...invoice, ...change }, amount, policy, now)).toMatchObject({
      allowed: reasons.length === 0,
      reasons,
    });
  });

  it('never allow more than was paid and not refunded yet', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10_000n }),
        fc.bigInt({ min: 0n, max: 10_000n }),
        fc.bigInt({ min: 0n, max: 30_000n }),
        (paid, refunded, wanted) => {
          const verdict = checkRefund(
            { ...invoice, paid: decimalOf(paid), refunded: decimalOf(refunded) },
            decimalOf(wanted),
            policy,
            now,
          );
          if (verdict.allowed) expect(wanted + refunded <= paid).toBe(true);
          expect((centsOf(verdict.upTo) ?? -1n) >= 0n).toBe(true);
        },
      ),
    );
  });
});

describe('forecasts', () => {
  /** Always the same noise: a linear congruential generator through Box and Muller. */
  function noise(seed: number): () => number {
    let state = seed;
    const uniform = () => (
      (state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296),
      (state + 1) / 4_294_967_297
    );
    return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  }
  const hour = 3_600_000;

  it.each([
    [0, 0.84, 0.96],
    [0.6, 0.75, 1],
  ])('hold what their interval of 90 %% promises (neighbours alike by %s)', (alike, from, to) => {
    let held = 0;
    const rounds = 400;
    for (let round = 0; round < rounds; round++) {
      const next = noise(round * 7 + 1);
      let rest = 0;
      const values = Array.from({ length: 72 }, (_, index) => {
        rest = alike * rest + next() * 10 * Math.sqrt(1 - alike ** 2);
        return { at: index * hour, value: 50 + 3 * index + rest };
      });
      const { atHorizon } = forecast(values.slice(0, 60), { threshold: 1e9, horizonHours: 12 });
      const actual = values.at(-1)?.value ?? 0;
      if (actual >= atHorizon.low && actual <= atHorizon.high) held++;
    }
    expect(held / rounds).toBeGreaterThan(from);
    expect(held / rounds).toBeLessThanOrEqual(to);
  });

  it('say when the threshold is reached, earliest to latest', () => {
    const next = noise(3);
    const series = Array.from({ length: 48 }, (_, index) => ({
      at: index * hour,
      value: 10 * index + 5 * next(),
    }));
    const { reached, slopePerHour } = forecast(series, { threshold: 600, horizonHours: 48 });
    expect(slopePerHour).toBeCloseTo(10, 0);
    const expected = Date.parse(reached.expected ?? '') / hour;
    expect(expected).toBeGreaterThan(58);
    expect(expected).toBeLessThan(62);
    expect(Date.parse(reached.earliest ?? '')).toBeLessThanOrEqual(Date.parse(reached.expected ?? ''));
    expect(Date.parse(reached.latest ?? '')).toBeGreaterThanOrEqual(Date.parse(reached.expected ?? ''));
    expect(forecast(series, { threshold: 1e6, horizonHours: 48 }).reached.earliest).toBeNull();
  });

  it('need enough measurements', () => {
    expect(() => forecast([{ at: 0, value: 1 }], { threshold: 1, horizonHours: 1 })).toThrow(
      expect.objectContaining({ code: 'BIZ_AGENTS_SERIES_TOO_SHORT' }) as Error,
    );
  });
});

describe('bottlenecks of processes', () => {
  it('are found and named', () => {
    const runs = (step: string, waitedSeconds: number, tookSeconds: number, failed = false) =>
      Array.from({ length: 20 }, (_, index) => ({
        process: 'order',
        step,
        waitedSeconds,
        tookSeconds,
        failed: failed && index % 4 === 0,
        retries: 0,
      }));
    const found = findBottlenecks([
      ...runs('approve', 900, 30),
      ...runs('print', 1, 5),
      ...runs('ship', 5, 60, true),
    ]);
    expect(found.map(({ step, suggestion }) => [step, suggestion])).toEqual([
      ['approve', 'more_workers'],
      ['ship', 'fix_failures'],
      ['print', 'none'],
    ]);
    expect(found.reduce((total, one) => total + one.shareOfTime, 0)).toBeCloseTo(1);
  });
});

describe('content', () => {
  const body = `## Chairs\n\nOffice chairs help people sit well. Good office chairs move with you. ${'They last for years and can be mended. '.repeat(40)}\n\n## More\n\nSee [desks](https://example.com/desks).`;
  const good = {
    title: 'Office chairs that last: how to choose one',
    metaDescription:
      'What makes office chairs last, how to choose one for long days, and what it should cost you in the end.',
    body,
    keywords: ['office chairs'],
    published: [{ url: 'https://example.com/desks', title: 'Desks', text: 'All about desks.' }],
  };

  it('is scored higher with keywords, lengths and links than without, and low when it is a copy', () => {
    const best = scoreSeo(good);
    expect(best.score).toBeGreaterThan(85);
    expect(best.internalLinks).toEqual(['https://example.com/desks']);
    for (const worse of [
      { ...good, title: 'Hi' },
      { ...good, metaDescription: 'Hi' },
      { ...good, keywords: ['fridge'] },
      { ...good, body: 'Short.' },
      { ...good, published: [{ url: 'https://example.com/old', title: 'Old', text: body }] },
    ]) {
      expect(scoreSeo(worse).score).toBeLessThan(best.score);
    }
    expect(
      scoreSeo({ ...good, published: [{ url: 'u', title: 'Old', text: body }] }).duplicateOf?.title,
    ).toBe('Old');
  });

  it('keeps its score between 0 and 100 whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        fc.array(fc.string({ minLength: 1 })),
        (title, text, keywords) => {
          const { score } = scoreSeo({ title, metaDescription: text, body: text, keywords });
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(100);
        },
      ),
    );
  });

  it('reads easier in short words and sentences', () => {
    const hard =
      'Organisational interoperability necessitates comprehensive infrastructural standardisation considerations.';
    expect(readability('The cat sat on the mat. It was warm.').score).toBeGreaterThan(
      readability(hard).score,
    );
    expect(readability('椅子很好。坐着舒服。').language).toBe('chinese');
  });

  it('variants: a copy with changed words is no variant', () => {
    const base = { title: 'Chairs for your office', metaDescription: 'x', body };
    const [pair] = compareVariants([
      base,
      { ...base, title: 'Chairs for the office', body: body.replaceAll('years', 'decades') },
    ]);
    expect(pair?.differs).toBe(false);
    expect(similarity(body, body)).toBe(1);
    expect(similarity('a b c d', 'w x y z')).toBe(0);
  });

  it('topics: what is asked and not written comes first', () => {
    const topics = suggestTopics({
      questions: [
        { text: 'How long is the warranty on chairs?', count: 30 },
        { text: 'warranty chairs how long', count: 10 },
        { text: 'Do you sell desks?', count: 35 },
      ],
      performance: [
        { topic: 'Chairs and backs', views: 1000, conversions: 30 },
        { topic: 'Lucky', views: 1, conversions: 1 },
      ],
      publishedTitles: ['We sell desks'],
    });
    expect(topics[0]).toMatchObject({
      topic: 'How long is the warranty on chairs?',
      score: 100,
      reasons: ['Asked 40 times.', 'Nothing is published on it.'],
    });
    expect(topics.find((one) => one.topic === 'Do you sell desks?')?.score).toBeLessThan(50);
    const byTopic = (name: string) => topics.find((one) => one.topic === name)?.score ?? 0;
    expect(byTopic('Chairs and backs')).toBeGreaterThanOrEqual(byTopic('Lucky') - 20);
  });
});

describe('meeting times', () => {
  it('are free, within working hours and as long as asked', () => {
    const busyTime = fc.tuple(fc.nat(7 * 24), fc.integer({ min: 1, max: 8 }));
    const start = Date.parse('2026-03-27T00:00:00Z'); // summer time begins on the 29th in Berlin
    const hours = { timeZone: 'Europe/Berlin', from: 9, to: 17, days: [1, 2, 3, 4, 5] };
    fc.assert(
      fc.property(
        fc.array(busyTime, { maxLength: 20 }),
        fc.integer({ min: 15, max: 120 }),
        (list, minutes) => {
          const busy = list.map(([at, length]) => ({
            start: new Date(start + at * 3_600_000).toISOString(),
            end: new Date(start + (at + length) * 3_600_000).toISOString(),
          }));
          const slots = freeTimes({
            from: new Date(start),
            to: new Date(start + 7 * 86_400_000),
            minutes,
            busy,
            hours,
            limit: 6,
          });
          for (const slot of slots) {
            expect(Date.parse(slot.end) - Date.parse(slot.start)).toBe(minutes * 60_000);
            expect(busy.some((one) => one.start < slot.end && one.end > slot.start)).toBe(false);
            const local = new Date(slot.start).toLocaleString('sv', { timeZone: 'Europe/Berlin' });
            const hour = Number(local.slice(11, 13));
            expect(hour >= 9 && hour < 17).toBe(true);
            expect([0, 6]).not.toContain(new Date(local.slice(0, 10)).getUTCDay());
          }
        },
      ),
    );
  });
});

describe('quotes', () => {
  it('are found where they stand, with other blanks and case', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.stringMatching(/^[a-z]{3,10}( [a-z]{3,10}){1,5}$/),
        fc.string(),
        (before, quote, after) => {
          const text = `${before} ${quote} ${after}`;
          const place = findQuote(text, quote.toUpperCase().replaceAll(' ', '  \n'));
          expect(place).not.toBeNull();
          const found = text
            .slice(place?.start, place?.end)
            .toLowerCase()
            .replace(/[^\p{L}\p{N}]/gu, '');
          expect(found).toBe(quote.replaceAll(' ', ''));
        },
      ),
    );
    expect(findQuote('abc', '...')).toBeNull();
    expect(findQuote('abc', 'abd')).toBeNull();
  });
});
