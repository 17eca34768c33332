import { createAction, Property } from '@activepieces/pieces-framework';
import { temporalAuth } from '../auth';
import { withTemporal } from '../client';
import { fetchHistory, readableEvents, replayJson } from '../history';
import { runIdProp, workflowIdProp } from '../props/workflow';
import { count, optionalText, requiredText } from '../values';

export const getHistory = createAction({
  auth: temporalAuth,
  name: 'get_history',
  displayName: 'Get History',
  description: 'Gives what happened in a workflow, event by event.',
  audience: 'both',
  aiMetadata: {
    description:
      'Event history of a Temporal workflow as JSON, payloads decoded; or as a file for replay tests.',
    idempotent: true,
  },
  props: {
    workflowId: workflowIdProp,
    format: Property.StaticDropdown<'readable' | 'replay', false>({
      displayName: 'Format',
      description: 'Readable events, or the JSON that workers replay and the tools of Temporal export.',
      required: false,
      defaultValue: 'readable',
      options: {
        options: [
          { label: 'Readable, arguments and results decoded', value: 'readable' },
          { label: 'For replay, as stored', value: 'replay' },
        ],
      },
    }),
    maxEvents: Property.Number({
      displayName: 'Events at most',
      description: '1 to 50,000.',
      required: false,
      defaultValue: 1_000,
    }),
    newestFirst: Property.Checkbox({
      displayName: 'Newest first',
      description: 'Begin with the last event. Not for replay.',
      required: false,
      defaultValue: false,
    }),
    asFile: Property.Checkbox({
      displayName: 'As a file',
      description: 'Write a JSON file instead of giving the events to the next steps.',
      required: false,
      defaultValue: false,
    }),
    runId: runIdProp,
  },
  outputSchema: {
    fields: [
      { key: 'workflowId', label: 'Workflow ID' },
      { key: 'count', label: 'Number of events', format: 'number' },
      { key: 'truncated', label: 'There are more events', format: 'boolean' },
      {
        key: 'events',
        label: 'Events',
        listItems: [
          { key: 'id', label: 'Event ID' },
          { key: 'time', label: 'Time', format: 'datetime' },
          { key: 'type', label: 'Type' },
        ],
      },
      { key: 'file', label: 'File' },
    ],
  },
  async run({ auth, propsValue, files }) {
    const workflowId = requiredText('Workflow ID', propsValue.workflowId);
    const limit = count('Events at most', propsValue.maxEvents, { max: 50_000, fallback: 1_000 });
    const replay = propsValue.format === 'replay';
    const { events, truncated } = await withTemporal(
      auth.props,
      async (temporal) => {
        const history = await fetchHistory(temporal, {
          workflowId,
          runId: optionalText('Run ID', propsValue.runId),
          limit,
          newestFirst: propsValue.newestFirst === true && !replay,
        });
        return {
          truncated: history.truncated,
          events: replay ? replayJson(history.events) : await readableEvents(temporal, history.events),
        };
      },
      { workflowId, deadlineMs: 120_000 },
    );
    const about = { workflowId, count: events.length, truncated };
    if (propsValue.asFile !== true) return { ...about, events };
    const fileName = `${workflowId.replaceAll(/[^\w.-]+/g, '_').slice(0, 100)}.json`;
    const data = Buffer.from(JSON.stringify({ events }, null, 2));
    return { ...about, file: await files.write({ fileName, data }), fileName };
  },
});
