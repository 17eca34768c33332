/**
 * True when a system call failed with that code, for example `EEXIST`. Not by `instanceof`: in Jest the errors of
 * Node's own modules come from another realm.
 */
export function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
