import { createServer } from 'node:http';
import { createServer as createNetServer, type AddressInfo } from 'node:net';
import { testFacts } from '@bizstack/native/testing';
import { Kafka, logLevel } from 'kafkajs';
import { newId, openBed } from './support/bed';
import { order } from './support/orders';
import { until } from './support/until';

it('publishes each event once to Kafka, shows metrics, sends traces and stops cleanly', async () => {
  const traces: string[] = [];
  const collector = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      traces.push(`${request.url} ${Buffer.concat(parts).toString()}`);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const brokers = (testFacts('kafka')['brokers'] ?? '').split(',');
  const metricsPort = await freePort();
  const bed = await openBed({
    KAFKA_BROKERS: brokers.join(),
    WORKFLOWS_METRICS_PORT: String(metricsPort),
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
  });
  const consumer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).consumer({ groupId: newId('group') });
  const seen: string[] = [];
  try {
    const workflow = await bed.workflows.startLeadToCash(order(), {
      workflowId: newId('events'),
      taskQueue: bed.taskQueue,
    });
    await until('the quote', async () => (await workflow.state()).stage === 'quote_sent');
    await workflow.update('declineQuote', { by: 'buyer', reason: 'no' });
    await workflow.result();
    await until('the relay', async () => {
      const left = await bed.books.rows('SELECT 1 FROM outbox.events WHERE "publishedAt" IS NULL');
      return left.length === 0;
    });
    await consumer.connect();
    await consumer.subscribe({ topic: 'bizstack.sales', fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        const event = JSON.parse(message.value?.toString() ?? '') as {
          type: string;
          data: { workflowId: string };
        };
        if (event.data.workflowId === workflow.workflowId) seen.push(event.type);
      },
    });
    await until('the events', async () => seen.length >= 3);
    expect([...seen].sort()).toEqual(['sales.message.requested', 'sales.quote.declined', 'sales.quote.sent']);
    expect((await fetch(`${bed.worker.url}/readyz`)).status).toBe(200);
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    expect(metrics).toMatch(/bizstack_workflows_steps_total\{[^}]*activity="createQuote"[^}]*\} 1/);
    expect(await bed.worker.stop()).toBe(0);
    await until('the traces', async () => traces.length > 0);
    expect(traces.join()).toContain('RunActivity:createQuote');
    expect(traces.join()).toContain('RunWorkflow:leadToCash');
  } finally {
    await consumer.disconnect();
    await bed.close();
    collector.closeAllConnections();
    collector.close();
  }
});

async function freePort(): Promise<number> {
  const server = createNetServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
