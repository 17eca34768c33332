import { failure } from '../errors';

/**
 * Reads a multipart/form-data body that holds text fields only (long query parameters come this way).
 * @throws ClickHouseError 48 for a file part (an external table), 36 for a body that is not multipart
 */
export function parseMultipart(contentType: string, body: Buffer): Map<string, string> {
  const match = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) throw failure('BAD_ARGUMENTS', 'multipart/form-data without a boundary.');
  const fields = new Map<string, string>();
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first delimiter has no line break before it.
  const text = Buffer.concat([Buffer.from('\r\n'), body]);
  let at = text.indexOf(delimiter);
  while (at >= 0) {
    const start = at + delimiter.length;
    if (text.subarray(start, start + 2).toString('latin1') === '--') return fields;
    const next = text.indexOf(delimiter, start);
    const headEnd = text.indexOf('\r\n\r\n', start);
    if (next < 0 || headEnd < 0 || headEnd > next) break;
    const head = text.subarray(start, headEnd).toString('utf8');
    const name = /content-disposition:[^\r\n]*;\s*name="([^"]*)"/i.exec(head)?.[1];
    if (name === undefined) break;
    if (/content-disposition:[^\r\n]*;\s*filename\*?=/i.test(head)) {
      throw failure(
        'NOT_IMPLEMENTED',
        `External tables are not served: '${name}' was sent as a file. Insert the rows into a temporary table of a session.`,
      );
    }
    fields.set(name, text.subarray(headEnd + 4, next).toString('utf8'));
    at = next;
  }
  throw failure('BAD_ARGUMENTS', 'The multipart/form-data body is broken or cut off.');
}
