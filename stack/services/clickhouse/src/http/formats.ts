const TYPES: readonly (readonly [RegExp, string])[] = [
  [
    /^(JSONEachRow|JSONLines|NDJSON|JSONStringsEachRow|JSONCompact(Strings)?EachRow.*|JSON(Strings)?EachRowWithProgress|PrettyJSONLines|PrettyNDJSON)$/i,
    'application/x-ndjson; charset=UTF-8',
  ],
  [/^JSON|^PrettyJSONEachRow$/i, 'application/json; charset=UTF-8'],
  [/^(TSV|TabSeparated)/i, 'text/tab-separated-values; charset=UTF-8'],
  [/^CSVWithNames/i, 'text/csv; charset=UTF-8; header=present'],
  [/^CSV$/i, 'text/csv; charset=UTF-8; header=absent'],
  [/^XML$/i, 'application/xml; charset=UTF-8'],
  [/^Markdown$/i, 'text/markdown; charset=UTF-8'],
  [/^(Pretty|Vertical$|Values$|SQLInsert$|CustomSeparated|Template)/i, 'text/plain; charset=UTF-8'],
];

/** Content-Type of a ClickHouse format; binary formats are octet streams. */
export function contentTypeOf(format: string): string {
  return TYPES.find(([pattern]) => pattern.test(format))?.[1] ?? 'application/octet-stream';
}
