import fc from 'fast-check';
import { parsePlainPath, readPath } from '../src/expressions/path';
import { ExpressionSandbox } from '../src/expressions/sandbox';
import { compileTemplate, inspectTemplate, resolveTemplate } from '../src/expressions/template';

jest.setTimeout(60_000);

const sandbox = new ExpressionSandbox(200);
const steps = {
  trigger: { body: { n: 3, list: [1, 2], text: 'abc', obj: { a: [{ b: 1 }, { b: 2 }] }, empty: null } },
  step_1: undefined,
};

function resolve(value: unknown, connection: (id: string) => unknown = () => undefined): unknown {
  return resolveTemplate(compileTemplate(value), { steps, connection }, sandbox).value;
}

describe('expressions', () => {
  it.each([
    ['{{trigger.body.n}}', 3],
    ["{{ trigger['body']['list'][1] }}", 2],
    ['{{trigger.body.list.length}}', 2],
    ['{{trigger.body.text.length}}', 3],
    ['{{trigger.body.text[0]}}', 'a'],
    ["{{trigger['body']['n'] * 2}}", 6],
    ["{{trigger.body.n > 2 ? 'big' : 'small'}}", 'big'],
    ['{{trigger.body.text.toUpperCase()}}', 'ABC'],
    ['{{[...trigger.body.list, 3]}}', [1, 2, 3]],
    ["{{new Date('2024-01-01T00:00:00Z')}}", '2024-01-01T00:00:00.000Z'],
    ['{{trigger.body.nope.deep}}', ''],
    ['{{trigger.body.empty}}', ''],
    ['{{step_9}}', ''],
    ["{{step_9 || 'x'}}", ''],
    ["{{step_1 || 'x'}}", 'x'],
    ['{{}}', ''],
    ['{{1 +}}', ''],
    ['{{nothing.at.all}}', ''],
    ['{{undefined}}', ''],
    ['{{trigger.body.obj}} and {{trigger.body.n}}', '{"a":[{"b":1},{"b":2}]} and 3'],
    [' {{trigger.body.n}}', ' 3'],
    ['{{trigger.body.nope}}|{{trigger.body.empty}}', '|'],
    ["{{flattenNestedKeys(trigger.body.obj, ['a', 'b'])}}", [1, 2]],
    ["b={{flattenNestedKeys(trigger.body.obj, ['a', 'b'])}} n={{trigger.body.n}}", ['b=1 n=3', 'b=2 n=3']],
    ['no token', 'no token'],
    [
      { a: ['{{trigger.body.n}}', 'x'], b: 1 },
      { a: [3, 'x'], b: 1 },
    ],
  ])('%j is %j', (template, expected) => {
    expect(resolve(template)).toEqual(expected);
  });

  it('keeps NaN and Infinity, which JSON does not know', () => {
    expect(resolve('{{trigger.body.text * 2}}')).toBeNaN();
    expect(resolve('{{1 / 0}}')).toBe(Infinity);
  });

  it('reads connections in both notations, and hides them from what is recorded', () => {
    const connection = (id: string) =>
      id === 'a-b' ? { type: 'CUSTOM_AUTH', props: { key: 'secret' } } : undefined;
    expect(resolve("{{connections['a-b']}}", connection)).toEqual({
      type: 'CUSTOM_AUTH',
      props: { key: 'secret' },
    });
    expect(resolve("{{connections['a-b'].props.key}}", connection)).toBe('secret');
    expect(resolve("{{connections['gone']}}", connection)).toBe('');
    const { censored } = resolveTemplate(
      compileTemplate({ auth: "{{connections['a-b']}}", text: "k {{connections['a-b'].props.key}}" }),
      { steps, connection },
      sandbox,
    );
    expect(censored).toEqual({ auth: '**REDACTED**', text: 'k **REDACTED**' });
  });

  it('gives copies, so that a piece cannot change the output of a step', () => {
    const value = resolve('{{trigger.body.obj}}') as { a: unknown[] };
    value.a.length = 0;
    expect(resolve('{{trigger.body.obj.a.length}}')).toBe(2);
  });

  it.each([
    ['{{process.env}}'],
    ["{{require('node:fs')}}"],
    ["{{trigger.constructor.constructor('return process')()}}"],
    ["{{(() => 1).constructor('return process')()}}"],
    ["{{globalThis.constructor.constructor('return process.pid')()}}"],
    ["{{eval('1')}}"],
    ["{{new Function('return 1')()}}"],
    ['{{(() => { for (;;); })()}}'],
    ['{{Promise.resolve()}}'],
    ['{{(async () => { await 0; for (;;); })()}}'],
    ["{{import('node:fs')}}"],
    ['{{fetch}}'],
    ['{{setTimeout}}'],
  ])('gives nothing for %s', (template) => {
    expect(['', '{}']).toContain(
      typeof resolve(template) === 'object' ? JSON.stringify(resolve(template)) : resolve(template),
    );
  });

  it('cannot close the function that an expression runs in', () => {
    expect(resolve('{{1); })(); (function () { return encodeResult(5}}')).toBe('');
    expect(resolve('{{1 // comment}}')).toBe(1);
  });

  it('leaves nothing behind for the next expression', () => {
    resolve('{{globalThis.leak = 1}}');
    expect(resolve('{{typeof leak}}')).toBe('undefined');
    resolve('{{(Array.prototype.map = () => "changed", 1)}}');
    expect(resolve('{{[1].map((x) => x + 1)}}')).toEqual([2]);
    resolve('{{(Object.prototype.polluted = 1, 1)}}');
    expect(resolve('{{({}).polluted}}')).toBe('');
  });

  it('reads only own properties on a plain path', () => {
    expect(resolve('{{trigger.constructor}}')).toBe('');
    expect(resolve('{{trigger.__proto__}}')).toBe('');
    expect(resolve('{{trigger.body.list.map}}')).toBe('');
  });

  it('names the steps and connections that a template reads, and what is broken', () => {
    const facts = inspectTemplate(
      compileTemplate({
        a: "{{step_1.x}} {{[1].map((i) => i.step_7 + 'step_8' + step_2)}}",
        b: "{{connections['c']}}",
        d: '{{1 +}}',
      }),
    );
    expect(facts).toMatchObject({
      names: ['step_1', 'step_2'],
      connections: ['c'],
      broken: [{ source: '1 +' }],
    });
  });
});

describe('plain paths', () => {
  const key = fc.string({ unit: fc.constantFrom('a', 'b', '0', '-', ' ', '.'), minLength: 1, maxLength: 5 });

  it('reads what was put there, whatever the keys', () => {
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 5 }), fc.jsonValue(), (keys, value) => {
        const expression = `step_1${keys.map((name) => `['${name}']`).join('')}`;
        const path = parsePlainPath(expression);
        const nested = keys.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
        expect(path).toEqual({ root: 'step_1', keys });
        expect(readPath(nested, path?.keys ?? [])).toEqual(value);
      }),
    );
  });

  it('agrees with the sandbox on data', () => {
    const data = fc.dictionary(
      fc.constantFrom('a', 'b'),
      fc.oneof(fc.integer(), fc.string(), fc.array(fc.integer()), fc.constant(null)),
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(data, fc.constantFrom('a', 'b', 'c', 'a.length', 'a[0]', 'b.a'), (value, rest) => {
        const scope = { steps: { step_1: value }, connection: () => undefined };
        const plain = resolveTemplate(compileTemplate(`{{step_1.${rest}}}`), scope, sandbox).value;
        const scripted = resolveTemplate(compileTemplate(`{{(step_1.${rest})}}`), scope, sandbox).value;
        expect(plain).toEqual(scripted);
      }),
      { numRuns: 60 },
    );
  });
});
