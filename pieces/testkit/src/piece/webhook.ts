import { createHash, timingSafeEqual } from 'node:crypto';
import {
  createAction,
  createPiece,
  createTrigger,
  type Piece,
  Property,
  TriggerStrategy,
} from '@activepieces/pieces-framework';
import { isPlainObject, parseJson } from '../values';

/** Package that this stands in for when it is not among the loaded pieces. */
export const WEBHOOK_PIECE_NAME = '@activepieces/piece-webhook';

const LOGO =
  'data:image/svg+xml;base64,' +
  Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7"/></svg>',
  ).toString('base64');

const catchWebhook = createTrigger({
  name: 'catch_webhook',
  displayName: 'Catch Webhook',
  description: 'Starts the flow when its webhook is called',
  requireAuth: false,
  type: TriggerStrategy.WEBHOOK,
  props: {
    authType: Property.StaticDropdown({
      displayName: 'Authentication',
      required: false,
      options: {
        options: [
          { label: 'None', value: 'none' },
          { label: 'Basic', value: 'basic' },
          { label: 'Header', value: 'header' },
        ],
      },
    }),
    authFields: Property.Object({ displayName: 'Authentication fields', required: false }),
  },
  sampleData: { body: {}, headers: {}, queryParams: {} },
  onEnable: async () => {},
  onDisable: async () => {},
  run: async ({ payload, propsValue }) => {
    const fields = propsValue.authFields ?? {};
    return isAllowed(propsValue.authType, fields, payload.headers) ? [payload] : [];
  },
});

function isAllowed(type: unknown, fields: Record<string, unknown>, headers: Record<string, string>): boolean {
  const field = (name: string): string => (typeof fields[name] === 'string' ? fields[name] : '');
  if (type === 'basic') {
    const expected = Buffer.from(`${field('username')}:${field('password')}`).toString('base64');
    return same(headers['authorization'] ?? '', `Basic ${expected}`);
  }
  if (type === 'header') return same(headers[field('headerName').toLowerCase()] ?? '', field('headerValue'));
  return true;
}

function same(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

const returnResponse = createAction({
  name: 'return_response',
  displayName: 'Return Response',
  description: 'Answers the caller of the webhook',
  requireAuth: false,
  props: {
    responseType: Property.StaticDropdown({
      displayName: 'Response type',
      required: false,
      options: {
        options: [
          { label: 'JSON', value: 'json' },
          { label: 'Raw', value: 'raw' },
          { label: 'Redirect', value: 'redirect' },
        ],
      },
    }),
    fields: Property.Object({ displayName: 'Response', required: true }),
    respond: Property.StaticDropdown({
      displayName: 'Flow execution',
      required: false,
      options: {
        options: [
          { label: 'Stop', value: 'stop' },
          { label: 'Respond and continue', value: 'respond' },
        ],
      },
    }),
  },
  run: async ({ propsValue, run }) => {
    const { status, headers, body } = propsValue.fields;
    const redirect = propsValue.responseType === 'redirect';
    const response = {
      status: redirect ? 301 : Number(status ?? 200),
      headers: { ...textHeaders(headers), ...(redirect ? { Location: String(body) } : {}) },
      body: redirect
        ? undefined
        : propsValue.responseType === 'json' && typeof body === 'string'
          ? (parseJson(body) ?? body)
          : body,
    };
    if (propsValue.respond === 'respond') run.respond({ response });
    else run.stop({ response });
    return response;
  },
});

function textHeaders(headers: unknown): Record<string, string> {
  if (!isPlainObject(headers)) return {};
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value as string)]));
}

/** The two operations of the webhook piece that flows use, for machines without a registry. */
export const webhookPiece: Piece<undefined> = createPiece({
  displayName: 'Webhook',
  description: 'Receive webhooks and answer them',
  logoUrl: LOGO,
  authors: [],
  auth: undefined,
  actions: [returnResponse],
  triggers: [catchWebhook],
});
