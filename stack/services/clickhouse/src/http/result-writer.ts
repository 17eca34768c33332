import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type ServerResponse } from 'node:http';
import { type Transform, type Writable } from 'node:stream';
import { type ClickHouseError, failure } from '../errors';
import { createEncoder, type Encoding } from './compression';

export interface WriterOptions {
  readonly encoding: Encoding | undefined;
  readonly level: number;
  /** Bytes held back before the status is sent, so that an early error still gets its own status. */
  readonly holdBytes: number;
  /** How long a client may take to accept more of the answer, milliseconds. */
  readonly sendTimeoutMs: number;
  /** Text that ends every error message, for example `(version 26.7.2.1)`. */
  readonly versionNote: string;
}

export type Summary = Readonly<Record<string, string>>;

const MAX_EXCEPTION = 16 * 1024;

/** Sends one answer: the whole of it, or an error with its status, or a part that ends in a way no client takes for whole. */
export class ResultWriter {
  readonly #response: ServerResponse;
  readonly #options: WriterOptions;
  readonly #tag = randomBytes(8).toString('hex');
  #encoder: Transform | undefined;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #started = false;

  constructor(response: ServerResponse, options: WriterOptions) {
    this.#response = response;
    this.#options = options;
    response.setHeader('X-ClickHouse-Exception-Tag', this.#tag);
  }

  /** Adds to the answer; resolves when there is room for more. */
  async write(chunk: Uint8Array): Promise<void> {
    if (this.#started) return this.#send(chunk);
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes > this.#options.holdBytes) await this.#start();
  }

  async #start(): Promise<void> {
    this.#started = true;
    const { encoding, level } = this.#options;
    if (encoding !== undefined) {
      this.#response.setHeader('Content-Encoding', encoding);
      this.#encoder = createEncoder(encoding, level);
      this.#encoder.on('data', (chunk: Buffer) => {
        if (!this.#response.write(chunk)) {
          this.#encoder?.pause();
          this.#response.once('drain', () => this.#encoder?.resume());
        }
      });
    }
    this.#response.statusCode = 200;
    const held = this.#held;
    this.#held = [];
    for (const chunk of held) await this.#send(chunk);
  }

  async #send(chunk: Uint8Array): Promise<void> {
    const target = this.#encoder ?? this.#response;
    this.#assertConnected();
    if (!target.write(chunk)) await this.#drained(target);
  }

  /** Waits for room, not longer than the client may take. */
  #drained(target: Writable): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: Error): void => {
        clearTimeout(timer);
        target.off('drain', onDrain);
        this.#response.off('close', onClose);
        if (error === undefined) resolve();
        else reject(error);
      };
      const onDrain = (): void => settle();
      const onClose = (): void => settle(failure('QUERY_WAS_CANCELLED', 'The client went away.'));
      const timer = setTimeout(
        () => settle(failure('SOCKET_TIMEOUT', 'The client did not read the answer in time.')),
        this.#options.sendTimeoutMs,
      );
      target.once('drain', onDrain);
      this.#response.once('close', onClose);
    });
  }

  #assertConnected(): void {
    if (this.#response.destroyed || this.#response.closed) {
      throw failure('QUERY_WAS_CANCELLED', 'The client went away.');
    }
  }

  /** Puts the summary into the headers, when they have not been sent. */
  announce(summary: Summary): void {
    if (!this.#started) this.#response.setHeader('X-ClickHouse-Summary', JSON.stringify(summary));
  }

  /** Ends a complete answer. The summary is a header, so only an answer that was still held back has it. */
  async end(summary: Summary): Promise<void> {
    if (!this.#started) {
      this.announce(summary);
      if (this.#options.encoding === undefined) this.#response.setHeader('Content-Length', this.#heldBytes);
      await this.#start();
    }
    await this.#endEncoder();
    this.#response.end();
  }

  async #endEncoder(): Promise<void> {
    const encoder = this.#encoder;
    if (encoder === undefined) return;
    const ended = once(encoder, 'end');
    encoder.end();
    const closed = new Promise((resolve) => this.#response.once('close', resolve));
    await Promise.race([ended, closed]);
  }

  /** Answers with an error, or breaks the answer off so that the client fails. */
  async fail(error: ClickHouseError): Promise<void> {
    if (this.#response.destroyed) return;
    const message = `${error.text} ${this.#options.versionNote}`;
    if (!this.#started) return sendError(this.#response, error, message);
    const text = Buffer.from(message.replace(/\r/g, '')).subarray(0, MAX_EXCEPTION);
    const block = Buffer.concat([
      Buffer.from(`\r\n__exception__\r\n${this.#tag}\r\n`),
      text,
      Buffer.from(`\n${text.length + 1} ${this.#tag}\r\n__exception__\r\n`),
    ]);
    (this.#encoder ?? this.#response).write(block);
    await this.#endEncoder();
    // No last chunk: whoever does not know the block above sees a broken transfer.
    const { socket } = this.#response;
    await new Promise<void>((resolve) => this.#response.write('\r\n', () => resolve()));
    socket?.end(() => socket.destroy());
  }
}

/** Answers with an error before anything else was sent. */
export function sendError(response: ServerResponse, error: ClickHouseError, message: string): void {
  response.removeHeader('Content-Encoding');
  response.removeHeader('X-ClickHouse-Format');
  response.writeHead(error.status, {
    'Content-Type': 'text/plain; charset=UTF-8',
    'X-ClickHouse-Exception-Code': error.code,
  });
  response.end(`${message}\n`);
}
