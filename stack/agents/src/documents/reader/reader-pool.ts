import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import { Worker } from 'node:worker_threads';
import { DocumentError } from '../errors';
import { LIMITS } from '../limits';
import { answerSchema, type ReadRequest, type ReadResult } from './protocol';

/** The thread and its models (about 200 MB) go after this many milliseconds without work. */
const IDLE_MILLISECONDS = 60_000;

interface Job {
  readonly request: ReadRequest;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (result: ReadResult) => void;
  readonly reject: (error: unknown) => void;
  readonly onAbort: () => void;
}

/** Compiled beside this module; from the sources (tests) the build's file is taken. */
function workerFile(): string {
  const beside = join(__dirname, 'worker.js');
  if (existsSync(beside)) return beside;
  const built = join(__dirname.replace(`${sep}src${sep}documents`, `${sep}dist${sep}documents`), 'worker.js');
  if (existsSync(built)) return built;
  throw new DocumentError('READER_FAILED', 'The reader thread is missing: documents/reader/worker.js.', {
    hint: 'Build @bizstack/agents, or keep it out of the bundle.',
  });
}

let worker: Worker | undefined;
let running: Job | undefined;
let deadline: NodeJS.Timeout | undefined;
let idle: NodeJS.Timeout | undefined;
let nextId = 1;
const waiting: Job[] = [];

function abortedError(signal: AbortSignal): DocumentError {
  return new DocumentError('ABORTED', 'Reading the document was cancelled.', { cause: signal.reason });
}

/** Forgets the thread; `stopped` is false when it died by itself. */
function dropWorker(): Promise<unknown> {
  const old = worker;
  worker = undefined;
  old?.removeAllListeners();
  // A dying thread may still report an error; without a listener it would end the process.
  old?.on('error', () => undefined);
  return old ? old.terminate() : Promise.resolve();
}

function finish(job: Job, settle: () => void): void {
  if (running !== job) return;
  clearTimeout(deadline);
  job.signal?.removeEventListener('abort', job.onAbort);
  running = undefined;
  settle();
  runNext();
}

function fail(job: Job, error: DocumentError): void {
  void dropWorker();
  finish(job, () => {
    job.reject(error);
  });
}

function openWorker(): Worker {
  const opened = new Worker(workerFile(), {
    resourceLimits: { maxOldGenerationSizeMb: LIMITS.heapMegabytes },
  });
  opened.on('message', (message: unknown) => {
    const answer = answerSchema.parse(message);
    const job = running;
    if (job?.request.id !== answer.id) return;
    finish(job, () => {
      if (answer.ok) job.resolve(answer.result);
      else job.reject(new DocumentError(answer.failure, answer.message, { cause: answer.cause }));
    });
  });
  const died = (cause: unknown): void => {
    if (worker !== opened) return;
    if (running)
      fail(
        running,
        new DocumentError('READER_FAILED', 'The reader thread ended.', { cause, retryable: true }),
      );
    else void dropWorker();
  };
  opened.on('error', died);
  opened.on('exit', died);
  return opened;
}

function runNext(): void {
  if (running) return;
  clearTimeout(idle);
  const job = waiting.shift();
  if (!job) {
    // An idle reader does not keep the process alive.
    worker?.unref();
    idle = setTimeout(() => void dropWorker(), IDLE_MILLISECONDS);
    idle.unref();
    return;
  }
  running = job;
  deadline = setTimeout(() => {
    fail(
      job,
      new DocumentError('TIMEOUT', `Reading the document took longer than ${LIMITS.milliseconds / 1000} s.`, {
        hint: 'Send fewer pages or a smaller scan.',
      }),
    );
  }, LIMITS.milliseconds);
  try {
    worker ??= openWorker();
    worker.ref();
    worker.postMessage(job.request);
  } catch (error) {
    finish(job, () => {
      job.reject(error);
    });
  }
}

/** Text with positions of a PDF or an image. One document at a time; the others wait. */
export function readPages(
  bytes: Uint8Array,
  { mediaType, signal }: { mediaType: 'pdf' | 'image'; signal?: AbortSignal | undefined },
): Promise<ReadResult> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortedError(signal));
      return;
    }
    const request: ReadRequest = { id: nextId, mediaType, bytes: new Uint8Array(bytes) };
    nextId += 1;
    const job: Job = {
      request,
      signal,
      resolve,
      reject,
      onAbort() {
        if (!signal) return;
        const place = waiting.indexOf(job);
        if (place < 0) fail(job, abortedError(signal));
        else {
          waiting.splice(place, 1);
          reject(abortedError(signal));
        }
      },
    };
    signal?.addEventListener('abort', job.onAbort, { once: true });
    waiting.push(job);
    runNext();
  });
}

/** Ends the reader thread at once; documents under way fail. The next document opens a new one. */
export async function closeDocumentReader(): Promise<void> {
  clearTimeout(idle);
  for (const job of waiting.splice(0)) {
    job.signal?.removeEventListener('abort', job.onAbort);
    job.reject(new DocumentError('ABORTED', 'The document reader was closed.'));
  }
  const closing = dropWorker();
  const job = running;
  if (job) {
    finish(job, () => {
      job.reject(new DocumentError('ABORTED', 'The document reader was closed.'));
    });
  }
  clearTimeout(idle);
  await closing;
}
