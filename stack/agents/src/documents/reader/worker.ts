// Entry of the reader thread: parsing, rendering and OCR block, so they happen away from the server's event loop.
import { parentPort } from 'node:worker_threads';
import { messageOf } from '@bizstack/contracts';
import { DocumentError } from '../errors';
import { readImage } from './read-image';
import { readPdf } from './read-pdf';
import { requestSchema, type ReadAnswer, type ReadRequest } from './protocol';

async function answer(request: ReadRequest): Promise<ReadAnswer> {
  const { id, bytes, mediaType } = request;
  try {
    const result = mediaType === 'pdf' ? await readPdf(bytes) : await readImage(bytes);
    return { id, ok: true, result };
  } catch (error) {
    const known = error instanceof DocumentError ? error : undefined;
    return {
      id,
      ok: false,
      failure: known?.failure ?? 'READER_FAILED',
      message: known ? known.message : 'The document could not be read.',
      cause: messageOf(known ? known.cause : error),
    };
  }
}

parentPort?.on('message', (message: unknown) => {
  void answer(requestSchema.parse(message)).then((result) => parentPort?.postMessage(result));
});
