import type { IncomingMessage } from 'node:http';
import type { FilesService } from '@activepieces/pieces-framework';
import { BizError } from '../errors';
import { LIMITS } from '../limits';
import { parseJson } from '../values';

/** Rejects with `BIZ_HTTP_BODY_TOO_LARGE` over 5 MB. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > LIMITS.webhookBodyBytes) {
      throw new BizError(
        'BIZ_HTTP_BODY_TOO_LARGE',
        `The body has more than ${LIMITS.webhookBodyBytes} bytes.`,
      );
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** What a flow sees as `body`: JSON and forms as objects, uploaded files as URLs, anything else as text. */
export async function parseBody(data: Buffer, contentType: string, files: FilesService): Promise<unknown> {
  if (data.length === 0) return {};
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'multipart/form-data' || type === 'application/x-www-form-urlencoded') {
    return parseForm(data, contentType, files);
  }
  const text = data.toString('utf8');
  return type === '' || type.endsWith('json') ? (parseJson(text) ?? text) : text;
}

async function parseForm(
  data: Buffer,
  contentType: string,
  files: FilesService,
): Promise<Record<string, unknown>> {
  let form: FormData;
  try {
    form = await new Response(new Uint8Array(data), { headers: { 'content-type': contentType } }).formData();
  } catch (cause) {
    throw new BizError('BIZ_HTTP_BODY_INVALID', 'The form cannot be read.', { cause });
  }
  const fields: Record<string, unknown> = {};
  for (const [name, value] of form.entries()) {
    fields[name] =
      typeof value === 'string'
        ? value
        : await files.write({ fileName: value.name, data: Buffer.from(await value.arrayBuffer()) });
  }
  return fields;
}
