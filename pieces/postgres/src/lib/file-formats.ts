export const FILE_FORMATS = ['csv', 'jsonl', 'json'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

type Row = Record<string, unknown>;

/** Writes rows, portion by portion, as the text of a file. */
export interface FileWriter {
  write(rows: readonly Row[], columns: readonly string[]): string;
  end(): string;
}

export function createFileWriter(format: FileFormat): FileWriter {
  let started = false;
  const first = () => {
    const before = !started;
    started = true;
    return before;
  };
  switch (format) {
    case 'csv':
      return {
        write: (rows, columns) =>
          (first() ? csvLine(columns) : '') +
          rows.map((row) => csvLine(columns.map((name) => row[name]))).join(''),
        end: () => '',
      };
    case 'jsonl':
      return { write: (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join(''), end: () => '' };
    case 'json':
      return {
        write: (rows) => rows.map((row) => `${first() ? '[' : ','}\n${JSON.stringify(row)}`).join(''),
        end: () => (started ? '\n]\n' : '[]\n'),
      };
  }
}

/** RFC 4180. An empty field is null, a quoted empty one is empty text, as PostgreSQL's COPY has it. */
function csvLine(values: readonly unknown[]): string {
  return `${values.map(csvField).join(',')}\r\n`;
}

function csvField(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = csvText(value);
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csvText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  return JSON.stringify(value);
}
