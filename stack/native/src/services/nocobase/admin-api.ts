import { BizError } from '@bizstack/contracts';
import { z } from 'zod';

/** Enabling a plugin reloads NocoBase: minutes on a small machine that does other things as well. */
const REQUEST_TIMEOUT_MS = 600_000;

const signInSchema = z.object({ data: z.object({ token: z.string().min(1) }) });

/** NocoBase's HTTP API as one signed-in account sees it. */
export class AdminApi {
  private constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** @throws BizError `BIZ_NOCOBASE_SIGN_IN` when the account or its password is refused. */
  static async signIn(url: string, account: string, password: string): Promise<AdminApi> {
    const response = await fetch(`${url}/api/auth:signIn`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-authenticator': 'basic' },
      body: JSON.stringify({ account, password }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const body = signInSchema.safeParse(await readJson(response));
    if (!response.ok || !body.success) {
      throw new BizError(
        'BIZ_NOCOBASE_SIGN_IN',
        `NocoBase refused the account ${account} (HTTP ${response.status}).`,
        {
          hint: 'If its password was changed in NocoBase, write the new one into the secret file of this clone.',
        },
      );
    }
    return new AdminApi(url, body.data.data.token);
  }

  /** @throws BizError `BIZ_NOCOBASE_REQUEST_FAILED` with NocoBase's own message. */
  async call(method: 'GET' | 'POST', action: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.url}/api/${action}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = await readJson(response);
    if (!response.ok) {
      throw new BizError(
        'BIZ_NOCOBASE_REQUEST_FAILED',
        `NocoBase answered ${response.status} to ${action.split('?')[0]}: ${JSON.stringify(answer).slice(0, 500)}`,
        { retryable: response.status >= 500 },
      );
    }
    return answer;
  }
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
