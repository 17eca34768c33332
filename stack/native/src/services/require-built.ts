import { existsSync } from 'node:fs';
import { BizError } from '@bizstack/contracts';

/** @throws BizError `BIZ_NATIVE_NOT_BUILT` when a program of this repository was not compiled. */
export function requireBuilt(file: string): void {
  if (existsSync(file)) return;
  throw new BizError('BIZ_NATIVE_NOT_BUILT', `${file} is missing.`, { hint: 'Run: npm run build.' });
}
