import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { BizError, EVENT_TOPICS, messageOf } from '@bizstack/contracts';
import { type Relay, startRelay } from '@bizstack/outbox';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
  Worker,
} from '@temporalio/worker';
import { existsSync } from 'node:fs';
import { type ActivityParts, createActivities } from './activities';
import { Database } from './activities/database';
import { failureInterceptor } from './activities/failures';
import { BUNDLES } from './bundle';
import type { Config, Settings } from './config';
import { closeDocumentExtractor, documentExtractor } from './extraction/documents';
import { httpExtractor } from './extraction/http';
import { structuredExtractor } from './extraction/structured';
import { ublExtractor } from './extraction/ubl';
import { startHealth } from './health';
import type { Log } from './log';
import { sepaProvider } from './payments/sepa';
import { stripeProvider } from './payments/stripe';
import { connectionOptions, registerSearchAttributes } from './temporal';
import { startTracing } from './tracing';

export interface Service {
  /** Of health checks. */
  readonly url: string;
  /** Settles when the worker ends: rejects when it failed. */
  readonly done: Promise<void>;
  /** Lets running activities end, then closes everything. */
  stop(): Promise<void>;
}

const RELAY_METRICS_MS = 5_000;

/** The worker with its relay, health and metrics. One for each process: Temporal's runtime is global. */
export async function startService(config: Config, log: Log): Promise<Service> {
  const { settings } = config;
  const tracing =
    settings.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
      ? undefined
      : startTracing(settings.OTEL_EXPORTER_OTLP_ENDPOINT);
  const bundle = tracing ? BUNDLES.traced : BUNDLES.plain;
  if (!existsSync(bundle)) {
    throw new BizError('BIZ_WORKFLOWS_NOT_BUILT', `${bundle} is missing.`, { hint: 'Run: npm run build.' });
  }
  installRuntime(settings, log);
  await registerSearchAttributes(settings);
  const relay = openRelay(settings, log);
  const database = Database.open(
    settings.WORKFLOWS_DATABASE_URL,
    () => relay?.wake(),
    (message) => log.warn('database connection lost', { reason: message }),
  );
  const connection = await NativeConnection.connect(connectionOptions(settings));
  const worker = await Worker.create({
    connection,
    namespace: settings.TEMPORAL_NAMESPACE,
    taskQueue: settings.WORKFLOWS_TASK_QUEUE,
    identity: `${process.pid}@${hostname()}`,
    workflowBundle: { codePath: bundle },
    activities: createActivities(partsOf(config, database)),
    maxConcurrentActivityTaskExecutions: settings.WORKFLOWS_CONCURRENCY,
    maxCachedWorkflows: settings.WORKFLOWS_CACHED,
    // Tasks of a worker that died go to the others after this.
    stickyQueueScheduleToStartTimeout: '5s',
    shutdownGraceTime: settings.WORKFLOWS_SHUTDOWN_SECONDS * 1000,
    shutdownForceTime: settings.WORKFLOWS_SHUTDOWN_SECONDS * 1000 + 5_000,
    interceptors: {
      activity: [...(tracing ? [tracing.activity] : []), () => ({ inbound: failureInterceptor() })],
    },
    ...(tracing ? { sinks: tracing.sinks } : {}),
  });
  const stopMetrics = observeRelay(relay);
  const done = worker.run();
  // Reported by `done` to whoever waits for it; without this a failure before that would end the process.
  done.catch(() => undefined);
  const health = await startHealth(settings.WORKFLOWS_HOST, settings.WORKFLOWS_PORT, async () => {
    const state = worker.getState();
    if (state !== 'RUNNING') throw new Error(`the worker is ${state.toLowerCase()}`);
    await database.ping();
    await connection.workflowService.getSystemInfo({});
  });
  const { port } = health.address() as AddressInfo;
  let stopping: Promise<void> | undefined;
  return {
    url: `http://${settings.WORKFLOWS_HOST}:${port}`,
    done,
    stop() {
      stopping ??= (async () => {
        if (worker.getState() === 'RUNNING') worker.shutdown();
        await done.catch((error: unknown) => log.error('the worker failed', { reason: messageOf(error) }));
        stopMetrics();
        health.close();
        health.closeAllConnections();
        await relay?.stop();
        await closeDocumentExtractor();
        await connection.close();
        await database.close();
        await tracing?.stop();
      })();
      return stopping;
    },
  };
}

function partsOf({ settings, allowsTarget }: Config, database: Database): ActivityParts {
  const { WORKFLOWS_SEPA_NAME: name, WORKFLOWS_SEPA_IBAN: iban, WORKFLOWS_SEPA_BIC: bic } = settings;
  return {
    database,
    allowsTarget,
    publishToken: settings.WORKFLOWS_PUBLISH_TOKEN,
    delivery: { url: settings.WORKFLOWS_DELIVERY_URL, secret: settings.WORKFLOWS_DELIVERY_SECRET },
    extractors: [
      structuredExtractor,
      ublExtractor,
      settings.WORKFLOWS_EXTRACTOR_URL === undefined
        ? documentExtractor
        : httpExtractor(settings.WORKFLOWS_EXTRACTOR_URL, settings.WORKFLOWS_EXTRACTOR_TOKEN),
    ],
    providers: {
      stripe: stripeProvider(settings.WORKFLOWS_STRIPE_URL.replace(/\/$/, ''), settings.WORKFLOWS_STRIPE_KEY),
      sepa: sepaProvider(
        settings.WORKFLOWS_SEPA_DIRECTORY,
        name === undefined || iban === undefined ? undefined : { name, iban, bic },
      ),
    },
  };
}

function installRuntime(settings: Settings, log: Log): void {
  Runtime.install({
    // main.ts listens to signals itself.
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      const fields = {
        ...(meta?.['error'] instanceof Error ? { reason: meta['error'].message } : {}),
        source: 'temporal',
      };
      if (level === 'ERROR') log.error(message, fields);
      else log.warn(message, fields);
    }),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'WARN' }), forward: {} },
      ...(settings.WORKFLOWS_METRICS_PORT === 0
        ? {}
        : {
            metrics: {
              prometheus: {
                bindAddress: `${settings.WORKFLOWS_HOST}:${settings.WORKFLOWS_METRICS_PORT}`,
                countersTotalSuffix: true,
                useSecondsForDurations: true,
              },
            },
          }),
    },
  });
}

function openRelay(settings: Settings, log: Log): Relay | undefined {
  if (settings.KAFKA_BROKERS === undefined) {
    log.warn('KAFKA_BROKERS is not set: events stay in the outbox');
    return undefined;
  }
  return startRelay({
    databaseUrl: settings.WORKFLOWS_DATABASE_URL,
    table: 'outbox.events',
    kafka: {
      clientId: 'bizstack-workflows',
      brokers: settings.KAFKA_BROKERS.split(',').map((one) => one.trim()),
    },
    transactionalId: 'bizstack-workflows-outbox',
    topics: [...new Set(Object.values(EVENT_TOPICS))],
    log,
    applicationName: 'bizstack-workflows-relay',
  });
}

function observeRelay(relay: Relay | undefined): () => void {
  if (!relay) return () => undefined;
  const meter = Runtime.instance().metricMeter;
  const published = meter.createGauge(
    'bizstack_workflows_outbox_published',
    'int',
    '1',
    'Events published by this process',
  );
  const leading = meter.createGauge(
    'bizstack_workflows_outbox_leading',
    'int',
    '1',
    '1 while this process publishes',
  );
  const timer = setInterval(() => {
    const { published: count, state } = relay.metrics();
    published.set(count);
    leading.set(state === 'leading' ? 1 : 0);
  }, RELAY_METRICS_MS);
  timer.unref();
  return () => clearInterval(timer);
}
