import { BizError } from '@bizstack/contracts';
import { expectAnswer } from '../answer';
import { type HttpClient } from '../http';
import { type LoadListener } from '../report';
import { session } from './schemas';

/** Who loads: an administrator, or an API key (Enterprise) with the project it is meant for. */
export type ActivepiecesCredentials =
  | { readonly email: string; readonly password: string }
  | { readonly apiKey: string; readonly projectId: string };

export interface SignInOptions {
  readonly credentials: ActivepiecesCredentials;
  /** False when the instance says that it has no user yet; undefined when it does not say. */
  readonly userCreated: boolean | undefined;
  readonly dryRun: boolean;
}

const PLATFORM_NAME = 'bizstack';

/**
 * Signs in; on a fresh instance signs up its first administrator and creates the platform. Returns the
 * project, or undefined when a dry run found an instance without any.
 *
 * @throws BIZ_LOAD_CREDENTIALS when the instance has users and refuses these credentials
 */
export async function signIn(
  http: HttpClient,
  { credentials, userCreated, dryRun }: SignInOptions,
  listener: LoadListener,
): Promise<string | undefined> {
  if ('apiKey' in credentials) {
    http.hide(credentials.apiKey);
    http.useHeaders({ authorization: `Bearer ${credentials.apiKey}` });
    return credentials.projectId;
  }
  const { email, password } = credentials;
  http.hide(password);
  const signedIn = await http.send({
    method: 'POST',
    path: '/authentication/sign-in',
    json: { email, password },
  });
  if (signedIn.status >= 400 && signedIn.status < 500 && userCreated === false) {
    if (dryRun) {
      listener.step({
        kind: 'account',
        name: email,
        action: 'planned',
        note: 'would become the first administrator',
      });
      return undefined;
    }
    return signUp(http, email, password, listener);
  }
  if (signedIn.status === 401 || signedIn.status === 403) {
    throw new BizError(
      'BIZ_LOAD_CREDENTIALS',
      `Activepieces refused to sign in ${email} (${signedIn.status}).`,
      { hint: 'Use the e-mail and password of a platform administrator of that instance.' },
    );
  }
  const answer = expectAnswer(http, signedIn, session, `sign in ${email}`, 'BIZ_LOAD_CREDENTIALS');
  return useSession(http, answer, dryRun, listener, email);
}

async function signUp(
  http: HttpClient,
  email: string,
  password: string,
  listener: LoadListener,
): Promise<string> {
  const response = await http.send({
    method: 'POST',
    path: '/authentication/sign-up',
    json: {
      email,
      password,
      firstName: 'bizstack',
      lastName: 'admin',
      trackEvents: false,
      newsLetter: false,
    },
    // A sign-up whose answer was lost shows by signing in.
    settled: async () => {
      const again = await http.send({
        method: 'POST',
        path: '/authentication/sign-in',
        json: { email, password },
      });
      return again.status < 300 ? again : undefined;
    },
  });
  const answer = expectAnswer(http, response, session, `sign up ${email}`, 'BIZ_LOAD_CREDENTIALS');
  listener.step({ kind: 'account', name: email, action: 'created', note: 'first administrator' });
  const projectId = await useSession(http, answer, false, listener, email);
  if (projectId === undefined) {
    throw new BizError('BIZ_LOAD_ANSWER', 'Activepieces created a platform without a project.');
  }
  return projectId;
}

async function useSession(
  http: HttpClient,
  answer: { token: string; projectId?: string | null | undefined },
  dryRun: boolean,
  listener: LoadListener,
  email: string,
): Promise<string | undefined> {
  http.hide(answer.token);
  http.useHeaders({ authorization: `Bearer ${answer.token}` });
  if (answer.projectId != null) {
    return answer.projectId;
  }
  // The token of a sign-up without a platform opens nothing but the call that creates one.
  if (dryRun) {
    listener.step({ kind: 'account', name: email, action: 'planned', note: 'would get a platform' });
    return undefined;
  }
  const response = await http.send({ method: 'POST', path: '/platforms', json: { name: PLATFORM_NAME } });
  const platform = expectAnswer(http, response, session, 'create a platform', 'BIZ_LOAD_CREDENTIALS');
  http.hide(platform.token);
  http.useHeaders({ authorization: `Bearer ${platform.token}` });
  return platform.projectId ?? undefined;
}
