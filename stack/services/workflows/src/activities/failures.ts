import { isBizError } from '@bizstack/contracts';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';

/**
 * Coded errors become failures of that type, and are not retried unless they say so. Everything else (a broken
 * connection, a defect) is retried by the policy of the activity. Counts and times every attempt.
 */
export function failureInterceptor(): ActivityInboundCallsInterceptor {
  return {
    async execute(input, next) {
      const { info, metricMeter } = Context.current();
      const started = process.hrtime.bigint();
      let outcome = 'completed';
      try {
        return await next(input);
      } catch (error) {
        outcome = 'failed';
        if (!isBizError(error)) throw error;
        outcome = error.retryable ? 'postponed' : 'refused';
        throw ApplicationFailure.create({
          type: error.code,
          message: error.message,
          nonRetryable: !error.retryable,
          details: [error.details],
          cause: error,
        });
      } finally {
        const tags = { activity: info.activityType, outcome };
        metricMeter.createCounter('bizstack_workflows_steps', '1', 'Attempts of activities').add(1, tags);
        metricMeter
          .createHistogram('bizstack_workflows_step_seconds', 'float', 's', 'Time of an attempt')
          .record(Number(process.hrtime.bigint() - started) / 1e9, tags);
      }
    },
  };
}
