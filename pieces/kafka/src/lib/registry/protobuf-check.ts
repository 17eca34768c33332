import { Enum, type Field, MapField, Type } from 'protobufjs';
import { TIMESTAMP } from './protobuf-time';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const INTEGERS = /^(?:u?int|s?fixed|sint)(?:32|64)|^sfixed(?:32|64)/;

/** Places where a value does not fit a message; protobufjs itself would bend a wrong value into shape. */
export function problemsOf(type: Type, value: unknown, place = ''): string[] {
  const here = place || 'the value';
  if (type.fullName === TIMESTAMP && typeof value === 'string') {
    return Number.isNaN(Date.parse(value)) ? [`${here} is not a time (ISO 8601)`] : [];
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [`${here} is not an object (${type.name})`];
  }
  return Object.entries(value).flatMap(([name, inner]): string[] => {
    const field = type.fields[name];
    const at = place === '' ? name : `${place}.${name}`;
    if (!field) return [`${at} is not a field of ${type.name}`];
    return inner === null || inner === undefined ? [] : fieldProblems(field, inner, at);
  });
}

function fieldProblems(field: Field, value: unknown, at: string): string[] {
  if (field instanceof MapField) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return [`${at} is not an object`];
    return Object.entries(value).flatMap(([key, inner]) => singleProblems(field, inner, `${at}.${key}`));
  }
  if (field.repeated) {
    if (!Array.isArray(value)) return [`${at} is not a list`];
    return value.flatMap((inner: unknown, index) => singleProblems(field, inner, `${at}[${index}]`));
  }
  return singleProblems(field, value, at);
}

function singleProblems({ type, resolvedType }: Field, value: unknown, at: string): string[] {
  if (resolvedType instanceof Type) return problemsOf(resolvedType, value, at);
  if (resolvedType instanceof Enum) {
    const known = typeof value === 'string' ? value in resolvedType.values : Number.isInteger(value);
    return known ? [] : [`${at} is not one of ${Object.keys(resolvedType.values).join(', ')}`];
  }
  return isScalar(type, value) ? [] : [`${at} is not ${type}`];
}

function isScalar(type: string, value: unknown): boolean {
  if (type === 'string') return typeof value === 'string';
  if (type === 'bool') return typeof value === 'boolean';
  if (type === 'bytes') return typeof value === 'string' && BASE64.test(value);
  if (type === 'float' || type === 'double') {
    return typeof value === 'number' || value === 'NaN' || value === 'Infinity' || value === '-Infinity';
  }
  if (!INTEGERS.test(type)) return false;
  const exact =
    typeof value === 'number' && Number.isSafeInteger(value)
      ? BigInt(value)
      : typeof value === 'string' && /^-?\d{1,20}$/.test(value)
        ? BigInt(value)
        : undefined;
  if (exact === undefined) return false;
  const bits = type.endsWith('64') ? 64 : 32;
  const unsigned = type.startsWith('uint') || type.startsWith('fixed');
  return (unsigned ? BigInt.asUintN(bits, exact) : BigInt.asIntN(bits, exact)) === exact;
}
