import { z } from 'zod';
import { createConnectionParser } from '../src';

const schema = z.object({ url: z.url(), password: z.string().nullish() });

it('gives the same object for the same values, and another one for others', () => {
  const parse = createConnectionParser(schema);
  const first = parse({ url: 'http://a.example', password: 'one' });
  expect(first).toEqual({ url: 'http://a.example', password: 'one' });
  expect(parse({ url: 'http://a.example', password: 'one' })).toBe(first);
  expect(parse({ url: 'http://a.example', password: 'two' })).toEqual({
    url: 'http://a.example',
    password: 'two',
  });
  expect(() => Object.assign(first, { password: 'two' })).toThrow(TypeError);
});

it('says what is wrong each time, without the value', () => {
  const parse = createConnectionParser(schema);
  for (let time = 0; time < 2; time += 1) {
    expect(() => parse({ url: 'no address', password: 'secret' })).toThrow(
      /^"Connection" is not as expected: url: /,
    );
    expect(() => parse({ url: 'secret' })).not.toThrow(/secret/);
    expect(() => parse(undefined)).toThrow(/Connection/);
  }
});

it('takes any number of connections', () => {
  const parse = createConnectionParser(schema);
  for (let n = 0; n < 100; n += 1) expect(parse({ url: `http://h${n}.example` }).url).toContain(`h${n}`);
  expect(parse({ url: 'http://h0.example' }).url).toBe('http://h0.example');
});
