/** Package name: name of the plugin at run time and namespace of its translations. */
export const NAMESPACE = '@bizstack/plugin-crm';

/** CloudEvents source of the plugin's events. */
export const EVENT_SOURCE = '/bizstack/crm';

/** Role, account and permission snippet of the flow runner's connection. */
export const AUTOMATION = 'bizstack-automation';
export const AUTOMATION_SNIPPET = 'crm.automation';

/** In-app channel that the plugin's notifications arrive in. */
export const NOTIFICATION_CHANNEL = 'bizstack-crm';

/** Key of the form and webhook that exist from the start. */
export const DEFAULT_FORM = 'default';

export const LEAD_STATUSES = ['new', 'working', 'qualified', 'unqualified', 'converted'] as const;
export type LeadStatus = (typeof LEAD_STATUSES)[number];

/** Statuses in which a further enquiry of the same person belongs to the lead that exists. */
export const OPEN_STATUSES: readonly LeadStatus[] = ['new', 'working', 'qualified'];

/** Fields that a web form may ask for, in the order in which they can be shown. */
export const FORM_FIELDS = [
  'name',
  'email',
  'phone',
  'company',
  'jobTitle',
  'country',
  'city',
  'message',
] as const;
export type FormField = (typeof FORM_FIELDS)[number];

/** Largest body of a public request, in bytes. A lead with the longest allowed text is about 100 KB. */
export const MAX_BODY_BYTES = 256 * 1024;

/** Name of the relay's connection in pg_stat_activity. */
export const RELAY_APPLICATION = 'bizstack-crm-relay';
