import { decodeImage, withoutRed } from '../ocr/image';
import { readPicture } from '../ocr/read-picture';
import type { Page } from '../layout/page';
import type { ReadResult } from './protocol';

/** OCR of a photo or a scan. */
export async function readImage(bytes: Uint8Array): Promise<ReadResult> {
  const pages: Page[] = [];
  for (const picture of await decodeImage(bytes)) pages.push(await readPicture(withoutRed(picture)));
  return { source: 'ocr', pages, attachments: [] };
}
