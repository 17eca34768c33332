import { title } from '../../fields/ui';

type Group = { readonly title: string; readonly icon: string } | { readonly routeId: string };

function countBy(field: string): object {
  return {
    query: {
      mode: 'builder',
      resource: { dataSourceKey: 'main', collectionName: 'crmLeads' },
      measures: [{ field: 'id', aggregation: 'count', alias: 'leads' }],
      dimensions: [{ field }],
    },
    visual: { mode: 'basic', type: 'bar', mappings: { x: field, y: 'leads' } },
  };
}

/**
 * Pop-ups are written out, and short: NocoBase would otherwise generate them with every field of the collection,
 * and it spends some tenths of a second on each field.
 */
function add(key: string, collection: string, label: string, fields: readonly string[]): object {
  return {
    type: 'addNew',
    popup: {
      title: title(label),
      blocks: [{ key, type: 'createForm', collection, fields, actions: ['submit'] }],
    },
  };
}

function edit(key: string, label: string, fields: readonly string[]): object {
  return {
    type: 'edit',
    popup: {
      title: title(label),
      blocks: [
        { key, type: 'editForm', resource: { binding: 'currentRecord' }, fields, actions: ['submit'] },
      ],
    },
  };
}

function view(
  key: string,
  label: string,
  fields: readonly string[],
  recordActions: readonly object[],
): object {
  return {
    type: 'view',
    popup: {
      title: title(label),
      blocks: [{ key, type: 'details', resource: { binding: 'currentRecord' }, fields, recordActions }],
    },
  };
}

const LEAD_ENTRY = ['name', 'company', 'email', 'phone', 'jobTitle', 'source', 'message'];
const LEAD_DETAILS = [
  ...['name', 'company', 'email', 'phone', 'status', 'score', 'grade', 'scoreReasons'],
  ...['source', 'message', 'touchCount'],
];
const LEAD_CHANGE = ['status', 'name', 'company', 'email', 'phone', 'jobTitle'];

/** The leads: two figures to see at a glance, and the table to work with. */
export const LEADS_PAGE = (group: Group): object => ({
  version: '1',
  mode: 'create',
  navigation: { group, item: { title: title('Leads'), icon: 'UserAddOutlined' } },
  page: { title: title('Leads') },
  assets: { charts: { byGrade: countBy('grade'), bySource: countBy('source') } },
  tabs: [
    {
      key: 'main',
      title: title('Leads'),
      blocks: [
        { key: 'byGrade', type: 'chart', title: title('Leads by grade'), chart: 'byGrade' },
        { key: 'bySource', type: 'chart', title: title('Leads by source'), chart: 'bySource' },
        {
          key: 'leads',
          type: 'table',
          title: title('Leads'),
          collection: 'crmLeads',
          fields: ['name', 'company', 'email', 'score', 'grade', 'status', 'source', 'createdAt'],
          sort: ['-createdAt'],
          actions: ['filter', 'refresh', add('newLead', 'crmLeads', 'New lead', LEAD_ENTRY)],
          recordActions: [
            view('leadDetails', 'Lead', LEAD_DETAILS, [edit('leadEditInside', 'Edit lead', LEAD_CHANGE)]),
            edit('leadEdit', 'Edit lead', LEAD_CHANGE),
            'delete',
          ],
        },
      ],
      layout: {
        rows: [
          [
            { key: 'byGrade', span: 12 },
            { key: 'bySource', span: 12 },
          ],
          ['leads'],
        ],
      },
    },
  ],
});

const FORM_DETAILS = ['title', 'key', 'fields', 'enabled'];
const FORM_CHANGE = ['title', 'key', 'intro', 'fields', 'allowedOrigins', 'successText', 'enabled'];
const WEBHOOK_DETAILS = ['title', 'url', 'eventTypes', 'enabled'];
const WEBHOOK_CHANGE = ['title', 'url', 'eventTypes', 'secret', 'enabled'];

/** The ways in and out: forms with their webhooks, and outgoing webhooks. */
export const WAYS_IN_PAGE = (group: Group): object => ({
  version: '1',
  mode: 'create',
  navigation: { group, item: { title: title('Forms and webhooks'), icon: 'FormOutlined' } },
  page: { title: title('Forms and webhooks') },
  tabs: [
    {
      key: 'forms',
      title: title('Web forms'),
      blocks: [
        {
          key: 'forms',
          type: 'table',
          title: title('Web forms'),
          collection: 'crmLeadForms',
          fields: ['title', 'key', 'fields', 'source', 'enabled', 'updatedAt'],
          actions: ['filter', 'refresh', add('newForm', 'crmLeadForms', 'New web form', FORM_CHANGE)],
          recordActions: [
            view('formDetails', 'Web form', FORM_DETAILS, [
              edit('formEditInside', 'Edit web form', FORM_CHANGE),
            ]),
            edit('formEdit', 'Edit web form', FORM_CHANGE),
            'delete',
          ],
        },
      ],
    },
    {
      key: 'webhooks',
      title: title('Outgoing webhooks'),
      blocks: [
        {
          key: 'webhooks',
          type: 'table',
          title: title('Outgoing webhooks'),
          collection: 'crmWebhooks',
          fields: ['title', 'url', 'eventTypes', 'enabled'],
          actions: ['filter', 'refresh', add('newWebhook', 'crmWebhooks', 'New webhook', WEBHOOK_CHANGE)],
          recordActions: [
            view('webhookDetails', 'Webhook', WEBHOOK_DETAILS, [
              edit('webhookEditInside', 'Edit webhook', WEBHOOK_CHANGE),
            ]),
            edit('webhookEdit', 'Edit webhook', WEBHOOK_CHANGE),
            'delete',
          ],
        },
      ],
    },
  ],
});
