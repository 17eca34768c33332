import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';

export interface SeenMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly key: string | null;
  readonly headers: Record<string, string>;
  readonly value: unknown;
}

export interface SeenDelivery {
  readonly headers: IncomingHttpHeaders;
  readonly raw: string;
  readonly deliveryId: string;
  readonly messages: SeenMessage[];
}

export interface Sink {
  readonly url: string;
  /** Every call, whatever was answered. */
  readonly deliveries: SeenDelivery[];
  /** Messages of accepted calls, repeats included. */
  readonly accepted: SeenMessage[];
  close(): Promise<void>;
}

/** A webhook. `answer` decides; by default everything is accepted. Return undefined to answer 200. */
export async function startSink(
  answer: (
    delivery: SeenDelivery,
    response: ServerResponse,
  ) => number | undefined | Promise<number | undefined> = () => undefined,
  port = 0,
): Promise<Sink> {
  const deliveries: SeenDelivery[] = [];
  const accepted: SeenMessage[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString('utf8');
      const body = JSON.parse(raw) as { deliveryId: string; messages: SeenMessage[] };
      const delivery = { headers: request.headers, raw, ...body };
      deliveries.push(delivery);
      void Promise.resolve(answer(delivery, response)).then((status = 200) => {
        if (response.writableEnded || response.destroyed) return;
        if (status === 0) return;
        if (status <= 299) accepted.push(...body.messages);
        response.writeHead(status).end('{}');
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/hook`,
    deliveries,
    accepted,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
