import { context, propagation, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { Resource } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import {
  makeWorkflowExporter,
  OpenTelemetryActivityInboundInterceptor,
} from '@temporalio/interceptors-opentelemetry/lib/worker';
import type { ActivityInterceptorsFactory, InjectedSinks } from '@temporalio/worker';
import type { OpenTelemetrySinks } from '@temporalio/interceptors-opentelemetry/lib/workflow';

export interface Tracing {
  readonly sinks: InjectedSinks<OpenTelemetrySinks>;
  readonly activity: ActivityInterceptorsFactory;
  stop(): Promise<void>;
}

/** Spans of workflows and activities, sent by OTLP over HTTP. */
export function startTracing(endpoint: string): Tracing {
  const resource = new Resource({ 'service.name': 'bizstack-workflows' });
  const processor = new BatchSpanProcessor(
    new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces` }),
  );
  const provider = new BasicTracerProvider({ resource, spanProcessors: [processor] });
  provider.register();
  return {
    sinks: { exporter: makeWorkflowExporter(processor, resource) },
    activity: (ctx) => ({ inbound: new OpenTelemetryActivityInboundInterceptor(ctx) }),
    async stop() {
      await provider.shutdown();
      for (const api of [trace, context, propagation]) api.disable();
    },
  };
}
