import { ApFile } from '@activepieces/pieces-framework';

const DATA_URI = /^data:([\w.+-]+\/[\w.+-]+)?(?:;[\w-]+=[^;,]*)*;base64,(.+)$/s;

/** Extensions of the media types that flows meet; the engine's own list is longer. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  'application/json': 'json',
  'application/octet-stream': 'bin',
  'application/pdf': 'pdf',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/xml': 'xml',
  'application/zip': 'zip',
  'audio/mpeg': 'mp3',
  'image/gif': 'gif',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/svg+xml': 'svg',
  'image/tiff': 'tiff',
  'image/webp': 'webp',
  'text/csv': 'csv',
  'text/html': 'html',
  'text/markdown': 'md',
  'text/plain': 'txt',
  'video/mp4': 'mp4',
};

function extensionOf(mediaType: string | undefined): string {
  return EXTENSIONS[(mediaType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''] ?? 'bin';
}

/** What `Property.File` gives a piece: a data URI or a URL becomes an ApFile, anything else null. */
export async function toFile(value: unknown): Promise<ApFile | null> {
  if (value instanceof ApFile) return value;
  if (typeof value !== 'string') return null;
  const text = value.trim();
  const match = DATA_URI.exec(text);
  if (match) {
    const extension = extensionOf(match[1]);
    return new ApFile(`unknown.${extension}`, Buffer.from(match[2] ?? '', 'base64'), extension);
  }
  if (!/^https?:\/\//i.test(text)) return null;
  try {
    const response = await fetch(text);
    const data = Buffer.from(await response.arrayBuffer());
    const name = fileNameOf(new URL(text), response.headers);
    return new ApFile(name, data, name.includes('.') ? name.split('.').pop() : undefined);
  } catch {
    // The engine reports an unreachable file as a missing value of the prop, not as a network error.
    return null;
  }
}

function fileNameOf(url: URL, headers: Headers): string {
  const disposition = headers.get('content-disposition') ?? '';
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(disposition)?.[1];
  if (encoded !== undefined) return safeDecode(encoded);
  const plain = /filename="?([^";]+)"?/i.exec(disposition)?.[1];
  if (plain !== undefined) return plain;
  const last = url.pathname.split('/').pop() ?? '';
  return last.includes('.') ? last : `unknown.${extensionOf(headers.get('content-type') ?? undefined)}`;
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
