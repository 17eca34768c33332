import { MapField, Type, wrappers } from 'protobufjs';

export const TIMESTAMP = '.google.protobuf.Timestamp';

/** Makes timestamps read as ISO 8601, as Protobuf's JSON mapping has them. */
export function registerTimestamp(): void {
  wrappers[TIMESTAMP] = {
    fromObject(object) {
      return this.fromObject(object);
    },
    toObject(message, options) {
      const { seconds, nanos } = this.toObject(message, { longs: Number, defaults: true });
      const date = new Date(Number(seconds) * 1000);
      if (Number.isNaN(date.getTime())) return this.toObject(message, options);
      const fraction = String(nanos)
        .padStart(9, '0')
        .replace(/(?:000){1,3}$/, '');
      // A text where the type says an object: the value of a field may be either.
      return date.toISOString().replace('.000Z', fraction === '' ? 'Z' : `.${fraction}Z`) as never;
    },
  };
}

/** The value with its ISO 8601 times as the messages that protobufjs wants. */
export function withTimes(type: Type, value: unknown): unknown {
  if (type.fullName === TIMESTAMP && typeof value === 'string') return timeOf(value);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const field = type.fields[name];
      const inside = field?.resolvedType;
      if (!(inside instanceof Type)) return [name, inner];
      if (Array.isArray(inner)) return [name, inner.map((one) => withTimes(inside, one))];
      if (field instanceof MapField && isRecord(inner)) {
        return [
          name,
          Object.fromEntries(Object.entries(inner).map(([key, one]) => [key, withTimes(inside, one)])),
        ];
      }
      return [name, withTimes(inside, inner)];
    }),
  );
}

function timeOf(text: string): { seconds: number; nanos: number } {
  const fraction = /\.(\d{1,9})/.exec(text)?.[1] ?? '';
  return { seconds: Math.floor(Date.parse(text) / 1000), nanos: Number(fraction.padEnd(9, '0')) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
