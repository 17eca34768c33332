import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { DocumentBuilder, type LoadedDocument } from '../document';
import { retrievalError } from '../errors';

const rowsSchema = z.array(z.array(z.string()));
const DELIMITERS = [',', ';', '\t', '|'];

/** One block a record, `column: value` for each cell that is filled, so that a passage reads without its header. */
export function loadCsv(text: string): LoadedDocument {
  const [header, ...rows] = rowsOf(text);
  const builder = new DocumentBuilder();
  if (!header) return builder.build();
  if (rows.length === 0) builder.add('table_row', header.join(', '));
  for (const row of rows) {
    const cells = row.map((value, column) => {
      const name = header[column]?.trim();
      return name ? `${name}: ${value.trim()}` : value.trim();
    });
    builder.add('table_row', cells.filter((_, column) => row[column]?.trim()).join('; '));
  }
  return builder.build();
}

function rowsOf(text: string): string[][] {
  const firstLine = /[^\r\n]*/.exec(text.replace(/^\ufeff/, ''))?.[0] ?? '';
  const counts = DELIMITERS.map((delimiter) => firstLine.split(delimiter).length);
  const delimiter = DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
  try {
    return rowsSchema.parse(
      parse(text, { delimiter, bom: true, skip_empty_lines: true, relax_column_count: true }),
    );
  } catch (cause) {
    // The parser's message quotes cells.
    throw retrievalError('DOCUMENT_BROKEN', 'The CSV file cannot be parsed.', {
      hint: 'Check that every quote is closed.',
      cause,
    });
  }
}
