import { type Schema, type Type, types } from 'avsc';
import { z } from 'zod';

const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/** Numbers while they are exact. Text is taken only beyond that, so that a union with text stays unambiguous. */
export const longType: Type = types.LongType.__with({
  fromBuffer(buffer: Buffer): number | string {
    const value = buffer.readBigInt64LE();
    return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  },
  toBuffer(value: number | string): Buffer {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(BigInt(value));
    return buffer;
  },
  isValid(value: unknown): boolean {
    if (typeof value === 'number') return Number.isSafeInteger(value);
    if (typeof value !== 'string' || !/^-?\d{16,19}$/.test(value)) return false;
    const exact = BigInt(value);
    return !Number.isSafeInteger(Number(value)) && exact >= INT64.min && exact <= INT64.max;
  },
  fromJSON: (value: number | string) => value,
  toJSON: (value: number | string) => value,
  compare: (a: number | string, b: number | string) => Number(BigInt(a) - BigInt(b)),
});

abstract class Converted extends types.LogicalType {
  protected override _resolve(): undefined {
    return undefined;
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** `bytes` and `fixed`. */
export class Base64Type extends Converted {
  protected override _fromValue(bytes: Buffer): string {
    return bytes.toString('base64');
  }

  protected override _toValue(value: unknown): Buffer | undefined {
    return typeof value === 'string' && BASE64.test(value) ? Buffer.from(value, 'base64') : undefined;
  }
}

const decimalSchema = z.object({
  scale: z.number().int().min(0).default(0),
  /** Of a `fixed`. */
  size: z.number().int().positive().optional(),
});

/** A decimal number as text, such as `-12.50`. */
export class DecimalType extends Converted {
  readonly #scale: number;
  readonly #size: number | undefined;

  constructor(schema: Schema, options?: object) {
    super(schema, options);
    const { scale, size } = decimalSchema.parse(schema);
    this.#scale = scale;
    this.#size = size;
  }

  protected override _fromValue(bytes: Buffer): string {
    const unscaled =
      bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`));
    const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(this.#scale + 1, '0');
    const sign = unscaled < 0n ? '-' : '';
    if (this.#scale === 0) return sign + digits;
    return `${sign}${digits.slice(0, -this.#scale)}.${digits.slice(-this.#scale)}`;
  }

  protected override _toValue(value: unknown): Buffer | undefined {
    const match =
      typeof value === 'string' || typeof value === 'number'
        ? /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(value))
        : null;
    const [, sign, whole = '', fraction = ''] = match ?? [];
    if (!match || fraction.length > this.#scale) return undefined;
    const unscaled = BigInt(`${sign}${whole}${fraction.padEnd(this.#scale, '0')}`);
    const length = this.#size ?? byteLength(unscaled);
    if (BigInt.asIntN(length * 8, unscaled) !== unscaled) return undefined;
    return Buffer.from(
      BigInt.asUintN(length * 8, unscaled)
        .toString(16)
        .padStart(length * 2, '0'),
      'hex',
    );
  }
}

/** Bytes that the number needs in two's complement. */
function byteLength(value: bigint): number {
  let length = 1;
  while (BigInt.asIntN(length * 8, value) !== value) length += 1;
  return length;
}

const DAY_MS = 86_400_000;

/** A day as `YYYY-MM-DD`; the number of days is taken, too. */
export class DateType extends Converted {
  protected override _fromValue(days: number): string | number {
    return isoOf(days * DAY_MS)?.slice(0, 10) ?? days;
  }

  protected override _toValue(value: unknown): number | undefined {
    if (typeof value !== 'string') return typeof value === 'number' ? value : undefined;
    if (!/^\d{4}-\d{2}-\d{2}$/.test(value)) return undefined;
    return numberOr(Date.parse(value) / DAY_MS);
  }
}

/** A point in time as ISO 8601; the number is taken, too. */
export class TimestampMillisType extends Converted {
  protected override _fromValue(value: number): string | number {
    return isoOf(value) ?? value;
  }

  protected override _toValue(value: unknown): number | undefined {
    return millisOf(value);
  }
}

export class TimestampMicrosType extends Converted {
  protected override _fromValue(value: number): string | number {
    const iso = isoOf(Math.floor(value / 1000));
    const micros = ((value % 1000) + 1000) % 1000;
    return iso === undefined
      ? value
      : micros === 0
        ? iso
        : iso.replace('Z', `${String(micros).padStart(3, '0')}Z`);
  }

  protected override _toValue(value: unknown): number | undefined {
    if (typeof value === 'number') return value;
    const millis = millisOf(value);
    const micros = typeof value === 'string' ? /\.\d{3}(\d{3})/.exec(value)?.[1] : undefined;
    return millis === undefined ? undefined : millis * 1000 + Number(micros ?? 0);
  }
}

function isoOf(ms: number): string | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function millisOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T/.test(value)
    ? numberOr(Date.parse(value))
    : undefined;
}

function numberOr(value: number): number | undefined {
  return Number.isNaN(value) ? undefined : value;
}
