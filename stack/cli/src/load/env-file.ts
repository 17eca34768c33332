import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { BizError, messageOf } from '@bizstack/contracts';
import { type Variables } from './placeholders';

/**
 * Variables of a `NAME=value` file.
 *
 * @throws BIZ_LOAD_ENV_FILE when it cannot be read
 */
export async function readEnvFile(file: string): Promise<Variables> {
  try {
    return parseEnv(await readFile(file, 'utf8'));
  } catch (error) {
    throw new BizError('BIZ_LOAD_ENV_FILE', `Cannot read ${file}: ${messageOf(error)}.`, { cause: error });
  }
}
