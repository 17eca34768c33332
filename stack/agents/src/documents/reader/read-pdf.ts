import { dirname, join } from 'node:path';
import type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist' with { 'resolution-mode': 'import' };
import { DocumentError } from '../errors';
import type { Page, TextItem } from '../layout/page';
import { LIMITS } from '../limits';
import type { Picture } from '../ocr/image';
import { readPicture } from '../ocr/read-picture';
import type { ReadResult } from './protocol';

/** Printed resolution for OCR: 200 dots an inch. */
const OCR_SCALE = 200 / 72;
const MIN_TEXT = 12;

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

async function open(bytes: Uint8Array): Promise<PDFDocumentProxy> {
  const pdfjs = await import('pdfjs-dist/legacy/build/pdf.mjs');
  // Chinese and Japanese text, fonts that are not embedded, JPEG 2000: tables and decoders of the package.
  const folder = dirname(require.resolve('pdfjs-dist/package.json'));
  try {
    return await pdfjs.getDocument({
      data: bytes,
      cMapUrl: `${join(folder, 'cmaps')}/`,
      cMapPacked: true,
      standardFontDataUrl: `${join(folder, 'standard_fonts')}/`,
      wasmUrl: `${join(folder, 'wasm')}/`,
      isEvalSupported: false,
      disableFontFace: true,
      useSystemFonts: false,
      stopAtErrors: false,
      maxImageSize: LIMITS.pixels,
      verbosity: 0,
    }).promise;
  } catch (cause) {
    if (nameOf(cause) === 'PasswordException') {
      throw new DocumentError('ENCRYPTED', 'The PDF asks for a password.', {
        hint: 'Save it without a password and send it again.',
        cause,
      });
    }
    throw new DocumentError('BROKEN', 'The PDF cannot be parsed.', {
      hint: 'Send the original file.',
      cause,
    });
  }
}

/** One affine transform after another. */
function combine(first: readonly unknown[], second: readonly unknown[]): number[] {
  const [a = 1, b = 0, c = 0, d = 1, e = 0, f = 0] = first.map(Number);
  const [g = 1, h = 0, i = 0, j = 1, k = 0, l = 0] = second.map(Number);
  return [a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * l + e, b * k + d * l + f];
}

async function readTextLayer(page: PDFPageProxy): Promise<Page> {
  const viewport = page.getViewport({ scale: 1 });
  const content = await page.getTextContent();
  if (content.items.length > LIMITS.itemsPerPage) {
    throw new DocumentError('TOO_BIG', `A page has more than ${LIMITS.itemsPerPage} pieces of text.`, {
      hint: 'Send the invoice alone.',
    });
  }
  const items: TextItem[] = [];
  for (const item of content.items) {
    if (!('str' in item) || item.str.trim() === '') continue;
    const [a = 0, b = 0, , d = 0, x = 0, y = 0] = combine(viewport.transform, item.transform);
    // Text that runs up the margin belongs to no line.
    if (Math.abs(b) > Math.abs(a)) continue;
    const height = Math.abs(d) || item.height;
    items.push({ text: item.str, x, y: y - height, width: item.width, height, confidence: 1 });
  }
  return { width: viewport.width, height: viewport.height, items };
}

/** Letters that a person can read; a font without a table gives private or control characters. */
function readable(page: Page): number {
  const text = page.items.map((item) => item.text).join('');
  const good = text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  const bad = text.match(/[\p{Co}\p{Cc}\uFFFD]/gu)?.length ?? 0;
  return bad > good * 0.3 ? 0 : good;
}

/** The library's canvas draws as a browser's does; the types differ in what only a screen has. */
function isDrawable(
  context: unknown,
): context is NonNullable<Parameters<PDFPageProxy['render']>[0]['canvasContext']> {
  return typeof context === 'object' && context !== null && 'drawImage' in context;
}

async function renderPage(page: PDFPageProxy): Promise<Picture> {
  let canvasModule;
  try {
    canvasModule = await import('@napi-rs/canvas');
  } catch (cause) {
    throw new DocumentError(
      'OCR_UNAVAILABLE',
      'A scanned PDF cannot be rendered: @napi-rs/canvas is missing.',
      {
        hint: 'Install @napi-rs/canvas.',
        cause,
      },
    );
  }
  const size = page.getViewport({ scale: 1 });
  const scale = Math.min(OCR_SCALE, Math.sqrt(LIMITS.pixels / 4 / (size.width * size.height)));
  const viewport = page.getViewport({ scale });
  const [width, height] = [Math.max(1, Math.round(viewport.width)), Math.max(1, Math.round(viewport.height))];
  const canvas = canvasModule.createCanvas(width, height);
  const context = canvas.getContext('2d');
  const drawable: unknown = context;
  if (!isDrawable(drawable)) throw new Error('The canvas has no 2D context.');
  await page.render({ canvas: null, canvasContext: drawable, viewport, background: '#ffffff' }).promise;
  const rgba = context.getImageData(0, 0, width, height).data;
  const data = Buffer.allocUnsafe(width * height * 3);
  for (let i = 0; i < width * height; i += 1) {
    data[i * 3] = rgba[i * 4] ?? 255;
    data[i * 3 + 1] = rgba[i * 4 + 1] ?? 255;
    data[i * 3 + 2] = rgba[i * 4 + 2] ?? 255;
  }
  return { data, width, height };
}

async function attachmentsOf(document: PDFDocumentProxy): Promise<ReadResult['attachments']> {
  const found: unknown = await document.getAttachments();
  if (typeof found !== 'object' || found === null) return [];
  const attachments: ReadResult['attachments'] = [];
  const entries: unknown[] = Object.values(found);
  for (const entry of entries) {
    if (typeof entry !== 'object' || entry === null || !('filename' in entry) || !('content' in entry))
      continue;
    const { filename, content } = entry;
    if (typeof filename !== 'string' || !(content instanceof Uint8Array) || !/\.xml$/i.test(filename))
      continue;
    if (content.length > LIMITS.xmlCharacters) continue;
    attachments.push({ name: filename, text: Buffer.from(content).toString('utf8') });
  }
  return attachments;
}

/** Text layer of every page; pages without one go through OCR. */
export async function readPdf(bytes: Uint8Array): Promise<ReadResult> {
  const document = await open(bytes);
  try {
    if (document.numPages > LIMITS.pages) {
      throw new DocumentError(
        'TOO_BIG',
        `The PDF has ${document.numPages} pages, at most ${LIMITS.pages} are read.`,
        {
          hint: 'Send the invoice alone.',
        },
      );
    }
    const attachments = await attachmentsOf(document);
    const pages: Page[] = [];
    let [layers, scans] = [0, 0];
    for (let number = 1; number <= document.numPages; number += 1) {
      const page = await document.getPage(number);
      let read = await readTextLayer(page);
      if (readable(read) >= MIN_TEXT) layers += 1;
      else if (scans < LIMITS.ocrPages && attachments.length === 0) {
        scans += 1;
        read = await readPicture(await renderPage(page));
      }
      pages.push(read);
      page.cleanup();
    }
    return { source: layers > 0 || scans === 0 ? 'text-layer' : 'ocr', pages, attachments };
  } catch (cause) {
    if (cause instanceof DocumentError) throw cause;
    throw new DocumentError('BROKEN', 'A page of the PDF cannot be read.', {
      hint: 'Send the original file.',
      cause,
    });
  } finally {
    await document.loadingTask.destroy();
  }
}
