import { BizError } from '@bizstack/contracts';

/** A JSON value in which bytes stand as `{ "$bytes": "<base64>" }`. */
export function toJson(value: unknown): string {
  return JSON.stringify(packed(value));
}

/** @throws BizError `BIZ_AGENTS_STATE_INVALID` */
export function fromJson(text: string): unknown {
  try {
    return unpacked(JSON.parse(text));
  } catch (cause) {
    throw new BizError('BIZ_AGENTS_STATE_INVALID', 'The stored state of the run is no JSON.', { cause });
  }
}

function packed(value: unknown): unknown {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(packed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, packed(item)]));
}

function unpacked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpacked);
  if (typeof value !== 'object' || value === null) return value;
  if ('$bytes' in value && typeof value.$bytes === 'string')
    return new Uint8Array(Buffer.from(value.$bytes, 'base64'));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpacked(item)]));
}
