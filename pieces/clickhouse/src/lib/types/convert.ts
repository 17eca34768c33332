import { isIPv4, isIPv6 } from 'node:net';
import { ValueProblem } from './problem';
import { type ClickHouseType, type TypeArgument, innerType } from './type';
import { toDate, toDateTime } from './time';

/**
 * Turns a value into one that ClickHouse reads from JSON for a type, most often itself.
 * @throws ValueProblem
 */
export type Converter = (value: unknown) => unknown;

const compiled = new Map<string, Converter>();
const MAX_CACHED = 1_000;

/** The converter of a type; `text` is its name, under which it is kept. */
export function converterFor(text: string, type: ClickHouseType): Converter {
  const known = compiled.get(text);
  if (known) return known;
  if (compiled.size >= MAX_CACHED) compiled.clear();
  const converter = compile(type);
  compiled.set(text, converter);
  return converter;
}

function compile(outer: ClickHouseType): Converter {
  const { type, nullable } = innerType(outer);
  const convert = compileInner(type);
  const isText = /^(Fixed)?String$/.test(type.name);
  return (value) => {
    if (value === null || value === undefined) {
      if (nullable || ACCEPTS_NULL.has(type.name)) return null;
      // These have no Nullable; empty is what they have for nothing.
      if (type.name === 'Array') return [];
      if (/^(Map|JSON|Object)$/.test(type.name)) return {};
      throw new ValueProblem('must not be empty');
    }
    // That is what an expression that finds nothing gives.
    if (value === '' && nullable && !isText) return null;
    return convert(value);
  };
}

/** Types in which null is a value. */
const ACCEPTS_NULL = new Set(['Dynamic', 'Variant', 'Nothing']);

function compileInner(type: ClickHouseType): Converter {
  const integer = /^(U?)Int(8|16|32|64|128|256)$/.exec(type.name);
  if (integer) return integerConverter(integer[1] === 'U', Number(integer[2]));
  switch (type.name) {
    case 'Float32':
    case 'Float64':
    case 'BFloat16':
      return toFloat;
    case 'Decimal':
    case 'Decimal32':
    case 'Decimal64':
    case 'Decimal128':
    case 'Decimal256':
      return decimalConverter(type);
    case 'Bool':
      return toBoolean;
    case 'String':
      return toText;
    case 'FixedString':
      return fixedStringConverter(numberAt(type, 0, 1));
    case 'Date':
      return (value) => toDate(value, '1970-01-01', '2149-06-06');
    case 'Date32':
      return (value) => toDate(value, '1900-01-01', '2299-12-31');
    case 'DateTime':
      return (value) => toDateTime(value, 1970, 2105);
    case 'DateTime64':
      return (value) => toDateTime(value, 1900, 2299);
    case 'UUID':
      return textConverter(
        (text) => /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(text),
        'is not a UUID',
      );
    case 'IPv4':
      return textConverter(isIPv4, 'is not an IPv4 address');
    case 'IPv6':
      return textConverter((text) => isIPv6(text) || isIPv4(text), 'is not an IPv6 address');
    case 'Enum':
    case 'Enum8':
    case 'Enum16':
      return enumConverter(type);
    case 'Array':
      return arrayConverter(type);
    case 'Map':
      return mapConverter(type);
    case 'Tuple':
      return tupleConverter(type);
    case 'JSON':
    case 'Object':
      return toJsonObject;
    case 'AggregateFunction':
      return () => {
        throw new ValueProblem('is a state of an aggregate function and cannot be given');
      };
    default:
      // Geometry, Variant, Dynamic and types to come: the server says what it thinks.
      return (value) => value;
  }
}

function integerConverter(unsigned: boolean, bits: number): Converter {
  const width = BigInt(unsigned ? bits : bits - 1);
  const max = 2n ** width - 1n;
  const min = unsigned ? 0n : -max - 1n;
  const [lowest, highest] = [Number(min), Number(max)];
  const outOfRange = () => new ValueProblem(`is not between ${min} and ${max}`);
  return (value) => {
    if (typeof value === 'number') {
      if (!Number.isInteger(value)) throw new ValueProblem('is not a whole number');
      if (value < lowest || value > highest) throw outOfRange();
      if (Number.isSafeInteger(value)) return value;
      throw new ValueProblem('is too large to be exact as a number; give it as text');
    }
    if (typeof value === 'boolean') return value ? 1 : 0;
    const text = typeof value === 'bigint' ? String(value) : typeof value === 'string' ? value.trim() : '';
    if (!/^[+-]?\d{1,80}$/.test(text)) throw new ValueProblem('is not a whole number');
    const exact = BigInt(text.replace(/^\+/, ''));
    if (exact < min || exact > max) throw outOfRange();
    return String(exact);
  };
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

function toFloat(value: unknown): unknown {
  if (typeof value === 'number') {
    // JSON has no text for these; ClickHouse reads them from a string.
    return Number.isFinite(value) ? value : Number.isNaN(value) ? 'nan' : `${value < 0 ? '-' : ''}inf`;
  }
  const text = typeof value === 'bigint' ? String(value) : typeof value === 'string' ? value.trim() : '';
  if (NUMBER.test(text) || /^[+-]?(nan|inf|infinity)$/i.test(text)) return text;
  throw new ValueProblem('is not a number');
}

function decimalConverter(type: ClickHouseType): Converter {
  const width = { Decimal32: 9, Decimal64: 18, Decimal128: 38, Decimal256: 76 }[type.name];
  const precision = width ?? numberAt(type, 0, 10);
  const scale = numberAt(type, width === undefined ? 1 : 0, 0);
  return (value) => {
    const text =
      typeof value === 'number' && Number.isFinite(value)
        ? value.toFixed(Math.min(scale, 100))
        : typeof value === 'bigint' || typeof value === 'string'
          ? String(value).trim()
          : '';
    const digits = /^[+-]?0*(\d*)(?:\.\d*)?$/.exec(text);
    if (!digits || !/\d/.test(text)) throw new ValueProblem('is not a decimal number');
    if ((digits[1]?.length ?? 0) > precision - scale) {
      throw new ValueProblem(`has more than ${precision - scale} digits before the point`);
    }
    return text;
  };
}

function toBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 1 || value === 0) return value === 1;
  const text = typeof value === 'string' ? value.trim().toLowerCase() : '';
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw new ValueProblem('is neither true nor false');
}

function toText(value: unknown): string {
  const text = typeof value === 'string' ? value : plainText(value);
  // A half of a surrogate pair has no UTF-8.
  // The first pattern is quick, and most text has none at all.
  if (/[\ud800-\udfff]/.test(text) && /\p{Surrogate}/u.test(text))
    throw new ValueProblem('is not valid Unicode text');
  return text;
}

function plainText(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

function fixedStringConverter(bytes: number): Converter {
  return (value) => {
    const text = toText(value);
    if (Buffer.byteLength(text) > bytes) throw new ValueProblem(`is longer than ${bytes} bytes`);
    return text;
  };
}

function textConverter(accepts: (text: string) => boolean, problem: string): Converter {
  return (value) => {
    const text = typeof value === 'string' ? value.trim() : '';
    if (!accepts(text)) throw new ValueProblem(problem);
    return text;
  };
}

function enumConverter({ args }: ClickHouseType): Converter {
  const members = args.filter((one) => one.kind === 'enum');
  const labels = new Set(members.map(({ label }) => label));
  const values = new Set(members.map(({ value }) => value));
  return (value) => {
    if (typeof value === 'string' && labels.has(value)) return value;
    if (typeof value === 'number' && values.has(value)) return value;
    throw new ValueProblem(`is none of ${[...labels].slice(0, 20).join(', ')}`);
  };
}

function typeAt({ args }: ClickHouseType, index: number): Converter {
  const argument = args[index];
  return argument?.kind === 'type' ? compile(argument.type) : (value) => value;
}

function numberAt({ args }: ClickHouseType, index: number, otherwise: number): number {
  const argument = args[index];
  return argument?.kind === 'number' ? Number(argument.value) : otherwise;
}

/** Puts the place, an index or a key, before the reason: `[2] is not a number`. */
function within(place: string | number, convert: Converter | undefined, value: unknown): unknown {
  try {
    return convert?.(value);
  } catch (error) {
    if (!(error instanceof ValueProblem)) throw error;
    const where = typeof place === 'number' ? `[${place}]` : `.${place}`;
    throw new ValueProblem(`${where}${/^[[.]/.test(error.message) ? '' : ' '}${error.message}`);
  }
}

function arrayConverter(type: ClickHouseType): Converter {
  const convert = typeAt(type, 0);
  return (value) => {
    const list = fromJsonText(value, /^\s*\[/);
    if (!Array.isArray(list)) throw new ValueProblem('is not a list');
    const given: readonly unknown[] = list;
    let changed: unknown[] | undefined;
    for (let index = 0; index < given.length; index += 1) {
      const one = given[index];
      const converted = within(index, convert, one);
      if (converted === one) continue;
      changed ??= [...given];
      changed[index] = converted;
    }
    return changed ?? given;
  };
}

function mapConverter(type: ClickHouseType): Converter {
  const convertKey = typeAt(type, 0);
  const convert = typeAt(type, 1);
  return (value) =>
    Object.fromEntries(
      entriesOf(value).map(([key, one]) => [String(within(key, convertKey, key)), within(key, convert, one)]),
    );
}

function tupleConverter(type: ClickHouseType): Converter {
  const elements = type.args.filter(
    (one): one is Extract<TypeArgument, { kind: 'type' }> => one.kind === 'type',
  );
  const converters = elements.map((_, index) => typeAt(type, index));
  const names = elements.map(({ name }) => name);
  return (value) => {
    const list = fromJsonText(value, /^\s*[[{]/);
    if (Array.isArray(list)) {
      if (list.length !== elements.length)
        throw new ValueProblem(`does not have ${elements.length} elements`);
      const values = list.map((one: unknown, index) => within(index, converters[index], one));
      // A tuple with names is read as an object.
      return names.every((name) => name !== undefined)
        ? Object.fromEntries(names.map((name, index) => [name, values[index]]))
        : values;
    }
    const given = new Map(entriesOf(list));
    const unknown = [...given.keys()].find((key) => !names.includes(key));
    if (unknown !== undefined) throw new ValueProblem(`has no element "${unknown}"`);
    return Object.fromEntries(
      names.map((name, index) => [name ?? '', within(name ?? '', converters[index], given.get(name ?? ''))]),
    );
  };
}

function toJsonObject(value: unknown): unknown {
  const object = fromJsonText(value, /^\s*\{/);
  if (typeof object === 'object' && object !== null && !Array.isArray(object)) return object;
  throw new ValueProblem('is not a JSON object');
}

function entriesOf(value: unknown): [string, unknown][] {
  const object = fromJsonText(value, /^\s*\{/);
  if (typeof object === 'object' && object !== null && !Array.isArray(object)) return Object.entries(object);
  throw new ValueProblem('is not an object');
}

function fromJsonText(value: unknown, start: RegExp): unknown {
  if (typeof value !== 'string' || !start.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    throw new ValueProblem('is not valid JSON');
  }
}
