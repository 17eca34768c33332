import { ApFile, PropertyType } from '@activepieces/pieces-framework';
import { isPlainObject } from '../values';

/** Problems of one coerced value, in words; empty when it is fine. */
export function validateValue(
  property: { type: PropertyType; required: boolean },
  value: unknown,
  original: unknown,
): string[] {
  const problem = (expected: string): string[] => [`Expected ${expected}, received: ${show(original)}`];
  const missing = value === null || value === undefined;
  if (property.type === PropertyType.JSON) {
    return property.required && (missing || value === '') ? problem('JSON') : [];
  }
  if (!property.required && missing) return [];
  switch (property.type) {
    case PropertyType.SHORT_TEXT:
    case PropertyType.LONG_TEXT:
      return typeof value === 'string' ? [] : problem('string');
    case PropertyType.NUMBER:
      return typeof value === 'number' && !Number.isNaN(value) ? [] : problem('number');
    case PropertyType.CHECKBOX:
      return typeof value === 'boolean' ? [] : problem('boolean');
    case PropertyType.DATE_TIME:
      return typeof value === 'string' ? [] : problem('a date in ISO format (2024-03-14T12:00:00.000Z)');
    case PropertyType.ARRAY:
      return Array.isArray(value) ? [] : problem('array');
    case PropertyType.OBJECT:
      return isPlainObject(value) ? [] : problem('object');
    case PropertyType.FILE:
      return value instanceof ApFile ? [] : problem('file url or base64 with mimeType');
    default:
      return [];
  }
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
