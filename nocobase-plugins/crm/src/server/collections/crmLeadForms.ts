import { defineCollection } from '@nocobase/database';
import { FORM_FIELDS } from '../constants';
import { checkbox, createdAt, id, json, longText, multiSelect, text, title, updatedAt } from '../fields/ui';

const LABELS: Readonly<Record<(typeof FORM_FIELDS)[number], string>> = {
  name: 'Name',
  email: 'E-mail',
  phone: 'Phone',
  company: 'Company',
  jobTitle: 'Job title',
  country: 'Country',
  city: 'City',
  message: 'Message',
};

/** A way in for leads: a public page with a form, and a webhook that is signed with the form's secret. */
export default defineCollection({
  name: 'crmLeadForms',
  title: title('Web forms and webhooks'),
  dataCategory: 'business',
  migrationRules: ['schema-only', 'overwrite'],
  autoGenId: false,
  createdBy: true,
  updatedBy: true,
  filterTargetKey: 'id',
  titleField: 'title',
  fields: [
    id(),
    text('key', 'Key', { length: 64, unique: true }),
    text('title', 'Title'),
    longText('intro', 'Introduction'),
    multiSelect(
      'fields',
      'Fields',
      FORM_FIELDS.map((value) => ({ value, label: LABELS[value] })),
      ['name', 'email', 'phone', 'company', 'message'],
    ),
    json('allowedOrigins', 'Sites that may embed the form', []),
    longText('successText', 'Text after sending'),
    text('redirectUrl', 'Page to go to after sending', { length: 2000 }),
    checkbox('consentRequired', 'Ask for consent', false),
    longText('consentText', 'Text of the consent'),
    text('source', 'Source', { length: 100 }),
    checkbox('enabled', 'Enabled', true),
    { name: 'encryptedSecret', type: 'text', hidden: true },
    createdAt(),
    updatedAt(),
  ],
});
