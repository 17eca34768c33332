const json = (schema: object, description: string) => ({
  description,
  content: { 'application/json': { schema } },
});
const key = {
  name: 'key',
  in: 'path',
  required: true,
  description: 'Key of the form',
  schema: { type: 'string', example: 'default' },
};

const lead = {
  type: 'object',
  description: 'An e-mail address or a phone number is needed. Unknown fields are refused.',
  additionalProperties: false,
  properties: {
    name: { type: 'string', maxLength: 200 },
    firstName: { type: 'string', maxLength: 100 },
    lastName: { type: 'string', maxLength: 100 },
    email: { type: 'string', format: 'email' },
    phone: { type: 'string', maxLength: 40 },
    company: { type: 'string', maxLength: 200 },
    jobTitle: { type: 'string', maxLength: 200 },
    country: { type: 'string', maxLength: 100 },
    city: { type: 'string', maxLength: 100 },
    source: { type: 'string', maxLength: 100 },
    message: { type: 'string', maxLength: 20000 },
    attributes: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean', 'null'] } },
    externalId: { type: 'string', maxLength: 200 },
    consent: { type: 'boolean' },
  },
};
const taken = {
  type: 'object',
  properties: {
    data: {
      type: 'object',
      properties: {
        leadId: { type: 'string' },
        eventId: { type: 'string', format: 'uuid' },
        duplicateOf: { type: 'string' },
      },
    },
  },
};
const errors = {
  type: 'object',
  properties: {
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { field: { type: 'string' }, code: { type: 'string' }, message: { type: 'string' } },
      },
    },
    code: { type: 'string' },
  },
};
const refusals = {
  413: json(errors, 'Body too large'),
  422: json(errors, 'Fields that are wrong'),
};

export default {
  openapi: '3.0.2',
  info: { title: 'NocoBase API - CRM plugin' },
  paths: {
    '/crmLeadForms:page/{key}': {
      get: {
        tags: ['crm'],
        summary: 'Public form: HTML, or JSON with a token for a form of your own',
        security: [],
        parameters: [key, { name: 'lang', in: 'query', schema: { type: 'string', enum: ['en', 'zh'] } }],
        responses: { 200: { description: 'The form' }, 404: { description: 'No such form' } },
      },
    },
    '/crmLeadForms:submit/{key}': {
      post: {
        tags: ['crm'],
        summary: 'Send the public form',
        security: [],
        parameters: [key],
        requestBody: {
          content: {
            'application/json': {
              schema: { ...lead, properties: { ...lead.properties, _token: { type: 'string' } } },
            },
          },
        },
        responses: {
          201: json(taken, 'Lead made'),
          200: json(taken, 'Added to a lead that exists'),
          429: { description: 'Too many' },
          ...refusals,
        },
      },
    },
    '/crmLeads:webhook/{key}': {
      post: {
        tags: ['crm'],
        summary: 'Signed webhook',
        security: [],
        parameters: [
          key,
          ...['x-bizstack-timestamp', 'x-bizstack-delivery', 'x-bizstack-signature'].map((name) => ({
            name,
            in: 'header',
            required: true,
            schema: { type: 'string' },
          })),
        ],
        requestBody: { content: { 'application/json': { schema: lead } } },
        responses: {
          201: json(taken, 'Lead made'),
          200: json(taken, 'Added to a lead that exists, or a repeated delivery'),
          401: json(errors, 'Not signed, wrongly signed or too old'),
          409: json(errors, 'Delivery id used before with another body'),
          ...refusals,
        },
      },
    },
    '/crmLeads:applyScore': {
      post: {
        tags: ['crm'],
        summary: 'Write a score',
        requestBody: {
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['leadId', 'capturedEventId', 'score', 'grade', 'reasons', 'model', 'scoredAt'],
                properties: {
                  leadId: { type: 'string' },
                  capturedEventId: { type: 'string', format: 'uuid' },
                  score: { type: 'number', minimum: 0, maximum: 100 },
                  grade: { type: 'string', enum: ['A', 'B', 'C', 'D'] },
                  reasons: {
                    type: 'array',
                    items: {
                      type: 'object',
                      properties: {
                        factor: { type: 'string' },
                        contribution: { type: 'number' },
                        text: { type: 'string' },
                      },
                    },
                  },
                  model: { type: 'string' },
                  scoredAt: { type: 'string', format: 'date-time' },
                },
              },
            },
          },
        },
        responses: {
          200: { description: 'Written, or there already' },
          404: json(errors, 'No such lead'),
          409: json(errors, 'Another event'),
          ...refusals,
        },
      },
    },
    '/crmNotifications:send': {
      post: {
        tags: ['crm'],
        summary: 'In-app message, once a key',
        requestBody: {
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['key', 'to', 'title'],
                properties: {
                  key: { type: 'string' },
                  to: {
                    type: 'object',
                    properties: {
                      roles: { type: 'array', items: { type: 'string' } },
                      users: { type: 'array', items: { type: 'string' } },
                    },
                  },
                  title: { type: 'string' },
                  body: { type: 'string' },
                  url: { type: 'string' },
                },
              },
            },
          },
        },
        responses: { 200: { description: 'Sent, or sent before' }, ...refusals },
      },
    },
    '/crmRelay:status': {
      get: {
        tags: ['crm'],
        summary: 'Health of the event relay',
        responses: { 200: { description: 'What waits, who works, what is wrong' } },
      },
    },
  },
};
