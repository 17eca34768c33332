export { isOrigin, pageHeaders } from './headers';
export {
  FORM_FIELDS,
  type FormField,
  type FormFieldName,
  type FormLocale,
  type FormPageModel,
  HONEYPOT_INPUT,
  TOKEN_INPUT,
} from './model';
export { renderFormPage } from './render';
export { formLocale } from './texts';
