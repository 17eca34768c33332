import { TupleParam } from '@clickhouse/client';
import { BizError } from '@bizstack/piece-common';
import type { Column } from './schema';
import { converterFor } from './types/convert';
import { ValueProblem } from './types/problem';
import { type ClickHouseType, formatType, innerType, parseType } from './types/type';

/** Values of a statement, each under a name of its own. */
export class Parameters {
  readonly values: Record<string, unknown> = {};
  private count = 0;

  /** Adds a value and gives what stands for it in SQL. The type comes from the schema or from this code. */
  bind(type: string, value: unknown): string {
    const name = `p${(this.count += 1)}`;
    this.values[name] = value;
    return `{${name}:${type}}`;
  }
}

/**
 * Adds a value for a column and gives what stands for it in SQL.
 * @throws BizError `BIZ_CLICKHOUSE_VALUE_INVALID`
 */
export function bindColumnValue(column: Column, value: unknown, parameters: Parameters): string {
  return parameters.bind(column.type, toParameter(`Column "${column.name}"`, column.type, value));
}

/**
 * A value in the form in which the client sends it as a parameter of a type.
 * @throws BizError `BIZ_CLICKHOUSE_VALUE_INVALID`, `BIZ_CLICKHOUSE_TYPE_INVALID`
 */
export function toParameter(what: string, typeText: string, value: unknown): unknown {
  const type = parseType(typeText);
  if (type.name === 'Identifier') return identifier(what, value);
  try {
    return encode(type, converterFor(formatType(type), type)(value));
  } catch (error) {
    if (!(error instanceof ValueProblem)) throw error;
    throw new BizError('BIZ_CLICKHOUSE_VALUE_INVALID', `${what} (${typeText}) ${error.message}.`, {
      hint: 'Give a value of this type.',
    });
  }
}

function identifier(what: string, value: unknown): string {
  // The server takes the name as it is, but the client escapes these.
  if (typeof value === 'string' && value !== '' && !/['\\\t\n\r\0]/.test(value)) return value;
  throw new BizError('BIZ_CLICKHOUSE_NAME_INVALID', `${what} (Identifier) is not a name.`, {
    hint: 'Names given as parameters have no quotes, backslashes or line ends.',
  });
}

/** Values were converted for JSON; parameters have forms of their own for tuples, maps, JSON and times. */
function encode(outer: ClickHouseType, value: unknown): unknown {
  const { type } = innerType(outer);
  if (value === null || value === undefined) return null;
  const inner = type.args.flatMap((argument) => (argument.kind === 'type' ? [argument] : []));
  const encodeAs = (index: number, one: unknown) => {
    const argument = inner[index];
    return argument ? encode(argument.type, one) : one;
  };
  switch (type.name) {
    case 'Array':
      return Array.isArray(value) ? value.map((one) => encodeAs(0, one)) : value;
    case 'Map':
      return new Map(
        Object.entries(value).map(([key, one]) => [
          encodeAs(0, numeric(inner[0]?.type, key)),
          encodeAs(1, one),
        ]),
      );
    case 'Tuple': {
      const named = new Map<string, unknown>(Object.entries(value));
      const list: unknown[] = Array.isArray(value) ? value : inner.map(({ name }) => named.get(name ?? ''));
      return new TupleParam(list.map((one, index) => encodeAs(index, one)));
    }
    case 'JSON':
    case 'Object':
      return JSON.stringify(value);
    case 'DateTime':
    case 'DateTime64':
      return typeof value === 'string' ? withoutZone(value) : value;
    default:
      return numeric(type, value);
  }
}

/** Inside lists a number must not stand in quotes. */
function numeric(type: ClickHouseType | undefined, value: unknown): unknown {
  return type !== undefined && /^U?Int/.test(type.name) && typeof value === 'string' ? BigInt(value) : value;
}

/** Parameters are read by the basic format only, which knows no zones but Unix time. */
function withoutZone(text: string): string {
  const zone = /(Z|UTC|[+-]\d{2}:?\d{2})$/i.exec(text.slice(10));
  if (!zone) return text.replace('T', ' ');
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? '';
  const whole = text
    .replace(/\.\d+/, '')
    .replace(/\s*UTC$/i, 'Z')
    .replace(' ', 'T');
  const scale = 10n ** BigInt(fraction.length);
  const ticks = BigInt(Date.parse(whole) / 1000) * scale + BigInt(fraction || 0);
  const digits = String(ticks < 0n ? -ticks : ticks).padStart(10 + fraction.length, '0');
  const point = digits.length - fraction.length;
  return `${ticks < 0n ? '-' : ''}${digits.slice(0, point)}${fraction === '' ? '' : `.${digits.slice(point)}`}`;
}
