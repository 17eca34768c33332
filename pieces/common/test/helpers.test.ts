import { z } from 'zod';
import {
  BizError,
  dropdownState,
  networkFailure,
  parseInput,
  parseJsonProp,
  svgLogo,
  unreachableError,
  userMessage,
  withRetry,
} from '../src';

describe('parseJsonProp', () => {
  const schema = z.array(z.object({ id: z.number() })).nullish();

  it('takes values and text, and empty text as nothing', () => {
    expect(parseJsonProp('Rows', [{ id: 1 }], schema)).toEqual([{ id: 1 }]);
    expect(parseJsonProp('Rows', '[{"id":1}]', schema)).toEqual([{ id: 1 }]);
    expect(parseJsonProp('Rows', '  ', schema)).toBeUndefined();
  });

  it('says where it is wrong, without the value', () => {
    const wrong = () => parseJsonProp('Rows', [{ id: 1 }, { id: 'top-secret' }], schema);
    expect(wrong).toThrow(
      expect.objectContaining({
        code: 'BIZ_INPUT_INVALID',
        message: expect.stringMatching(/^"Rows".*\[1\]\.id: /) as string,
      }) as Error,
    );
    expect(wrong).not.toThrow('top-secret');
    expect(() => parseJsonProp('Rows', '[', schema)).toThrow('"Rows" is not valid JSON.');
  });

  it('shows five problems at most', () => {
    const many = Array.from({ length: 9 }, () => ({ id: 'x' }));
    expect(() => parseInput('Rows', many, schema)).toThrow(/; 4 more\.$/);
  });
});

describe('network failures', () => {
  it('are found in causes and in aggregated errors', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    expect(networkFailure(new TypeError('fetch failed', { cause: refused }))).toMatchObject({
      step: 'tcp',
      retryable: true,
    });
    expect(networkFailure(new AggregateError([refused]))).toMatchObject({ step: 'tcp' });
    expect(networkFailure(Object.assign(new Error('x'), { code: 'ERR_SSL_SOMETHING_NEW' }))).toMatchObject({
      step: 'tls',
    });
    expect(networkFailure(new Error('other'))).toBeUndefined();
    expect(
      unreachableError({ code: 'BIZ_X_UNREACHABLE', where: 'host:1', cause: new Error('other') }),
    ).toBeUndefined();
    expect(unreachableError({ code: 'BIZ_X_UNREACHABLE', where: 'host:1', cause: refused })).toMatchObject({
      code: 'BIZ_X_UNREACHABLE',
      message: expect.stringContaining('Cannot reach host:1: the connection was refused.') as string,
      cause: refused,
      retryable: true,
    });
  });

  it('end for errors that are their own cause', () => {
    const loop = new Error('loop');
    loop.cause = loop;
    expect(networkFailure(loop)).toBeUndefined();
  });
});

describe('userMessage', () => {
  it('shows the code and blanks secrets', () => {
    const error = new BizError('BIZ_X_FAILED', 'No access with pass-word-1.');
    expect(userMessage(error, ['pass-word-1', undefined, ''])).toBe('No access with ***. (BIZ_X_FAILED)');
  });
});

describe('dropdownState', () => {
  const load = async (auth: string) => [{ label: auth, value: 1 }];

  it('loads options, and gives a placeholder for everything else', async () => {
    expect(await dropdownState({ auth: 'a', load })).toEqual({
      disabled: false,
      options: [{ label: 'a', value: 1 }],
    });
    expect(await dropdownState({ auth: undefined, load })).toMatchObject({
      disabled: true,
      placeholder: 'Connect your account first',
    });
    expect(await dropdownState({ auth: 'a', requires: { Table: '' }, load })).toMatchObject({
      disabled: true,
      placeholder: 'Choose "Table" first',
    });
    expect(await dropdownState({ auth: 'a', load: async () => [], empty: 'None yet' })).toEqual({
      disabled: false,
      options: [],
      placeholder: 'None yet',
    });
    const failing = async () => Promise.reject(new Error('no top-secret'));
    expect(await dropdownState({ auth: 'a', load: failing, secrets: ['top-secret'] })).toMatchObject({
      disabled: true,
      placeholder: 'no ***',
    });
  });
});

describe('withRetry', () => {
  const failing = (times: number, error: unknown) => {
    let calls = 0;
    const work = async () => {
      calls += 1;
      if (calls <= times) throw error;
      return calls;
    };
    return { work, calls: () => calls };
  };
  const busy = new BizError('BIZ_X_BUSY', 'busy', { retryable: true });

  it('repeats what may succeed later', async () => {
    expect(await withRetry(failing(2, busy).work, { baseDelayMs: 1 })).toBe(3);
  });

  it('gives up after its attempts, and at once on other errors', async () => {
    const tired = failing(9, busy);
    await expect(withRetry(tired.work, { attempts: 4, baseDelayMs: 1 })).rejects.toBe(busy);
    expect(tired.calls()).toBe(4);
    const wrong = failing(9, new Error('wrong'));
    await expect(withRetry(wrong.work, { baseDelayMs: 1 })).rejects.toThrow('wrong');
    expect(wrong.calls()).toBe(1);
  });

  it('stops waiting when it is aborted', async () => {
    const controller = new AbortController();
    const waiting = withRetry(failing(9, busy).work, {
      baseDelayMs: 60_000,
      maxDelayMs: 60_000,
      signal: controller.signal,
    });
    controller.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });
});

describe('svgLogo', () => {
  it('is a data URI of the drawing', () => {
    const uri = svgLogo('\n  <svg>\n    <path/>\n  </svg>\n');
    const [head, body = ''] = uri.split(',');
    expect(head).toBe('data:image/svg+xml;base64');
    expect(Buffer.from(body, 'base64').toString()).toBe('<svg> <path/> </svg>');
  });
});
