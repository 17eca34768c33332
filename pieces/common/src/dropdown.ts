import type { DropdownOption, DropdownState } from '@activepieces/pieces-framework';
import { userMessage } from './errors';

export interface DropdownRequest<A, T> {
  readonly auth: A | undefined;
  /** Other values that must be chosen first, by the name that the reader sees. */
  readonly requires?: Readonly<Record<string, unknown>>;
  readonly load: (auth: A) => Promise<DropdownOption<T>[]>;
  /** Shown when the server has none. */
  readonly empty?: string;
  readonly secrets?: readonly (string | undefined)[];
}

/**
 * The state of a dropdown that reads the server. Never throws: without a connection, without what it
 * depends on and on every failure it is a disabled list whose placeholder says why.
 */
export async function dropdownState<A, T>({
  auth,
  requires = {},
  load,
  empty = 'Nothing found',
  secrets = [],
}: DropdownRequest<A, T>): Promise<DropdownState<T>> {
  if (auth === undefined || auth === null) return disabled('Connect your account first');
  const missing = Object.entries(requires).find(
    ([, value]) => value === undefined || value === null || value === '',
  );
  if (missing) return disabled(`Choose "${missing[0]}" first`);
  try {
    const options = await load(auth);
    return options.length > 0 ? { disabled: false, options } : { ...disabled<T>(empty), disabled: false };
  } catch (error) {
    return disabled(userMessage(error, secrets));
  }
}

function disabled<T>(placeholder: string): DropdownState<T> {
  return { disabled: true, options: [], placeholder };
}
