import type { DocumentFields, Field } from '../../src/documents';
import { toLines, type Line } from '../../src/documents/layout/lines';

/** Lines as a page would give them: one row a text, columns at their character positions, ten units a letter. */
export function rows(text: string): Line[] {
  const items = text.split('\n').flatMap((row, at) =>
    [...row.matchAll(/\S+(?: \S+)*/g)].map((match) => ({
      text: match[0],
      x: match.index * 10,
      y: at * 24,
      width: match[0].length * 10,
      height: 16,
      confidence: 1,
    })),
  );
  return toLines([{ width: 900, height: text.split('\n').length * 24, items }]);
}

/** All fields that were found, with their names. */
export function fieldsOf(fields: DocumentFields): [string, Field<string | number>][] {
  return Object.entries<Field<string | number> | undefined>({ ...fields }).flatMap(([name, field]) =>
    field ? [[name, field]] : [],
  );
}

export function valuesOf(fields: DocumentFields): Record<string, string | number> {
  return Object.fromEntries(fieldsOf(fields).map(([name, field]) => [name, field.value]));
}
