import { type FormField, type FormFieldName, type FormPageModel, HONEYPOT_INPUT, TOKEN_INPUT } from './model';
import { STYLE } from './style';
import { TEXTS } from './texts';

interface InputKind {
  readonly type: 'text' | 'email' | 'tel';
  readonly autocomplete: string;
  readonly max: number;
}

const INPUTS: Readonly<Record<Exclude<FormFieldName, 'message'>, InputKind>> = {
  name: { type: 'text', autocomplete: 'name', max: 200 },
  email: { type: 'email', autocomplete: 'email', max: 254 },
  phone: { type: 'tel', autocomplete: 'tel', max: 40 },
  company: { type: 'text', autocomplete: 'organization', max: 200 },
  jobTitle: { type: 'text', autocomplete: 'organization-title', max: 200 },
  country: { type: 'text', autocomplete: 'country-name', max: 100 },
  city: { type: 'text', autocomplete: 'address-level2', max: 100 },
};

const MESSAGE_MAX = 20_000;

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

/** The whole page. Every text of the form and of the visitor is escaped. */
export function renderFormPage(model: FormPageModel): string {
  const { form, locale, state } = model;
  const texts = TEXTS[locale];
  const body =
    state === 'form'
      ? renderForm(model)
      : state === 'done'
        ? `<p role="status">${escapeHtml(form.successText || texts.sent)}</p><p><a href="">${escapeHtml(texts.another)}</a></p>`
        : `<p role="status">${escapeHtml(texts.closed)}</p>`;
  return `<!doctype html>
<html lang="${locale === 'zh' ? 'zh-CN' : 'en'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(form.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(form.title)}</h1>
${body}
</main>
</body>
</html>
`;
}

function renderForm(model: FormPageModel): string {
  const { form, locale, errors = {} } = model;
  const texts = TEXTS[locale];
  const general = errors['form'];
  const summary =
    Object.keys(errors).length === 0
      ? ''
      : `<p class="summary" role="alert">${escapeHtml(general ?? texts.problem)}</p>`;
  const names = new Set(form.fields.map((field) => field.name));
  const eitherContact =
    names.has('email') &&
    names.has('phone') &&
    !form.fields.some((field) => isContact(field) && field.required);
  return `${form.intro ? `<p>${escapeHtml(form.intro)}</p>` : ''}${summary}
<form method="post" action="${escapeHtml(model.action)}" novalidate>
<input type="hidden" name="${TOKEN_INPUT}" value="${escapeHtml(model.token)}">
<div class="trap" aria-hidden="true"><label>${escapeHtml(texts.trap)}<input name="${HONEYPOT_INPUT}" tabindex="-1" autocomplete="off"></label></div>
${form.fields.map((field) => renderField(field, model)).join('\n')}
${eitherContact ? `<p class="hint">${escapeHtml(texts.contact)}</p>` : ''}
<button type="submit">${escapeHtml(texts.send)}</button>
</form>`;
}

function isContact(field: FormField): boolean {
  return field.name === 'email' || field.name === 'phone';
}

function renderField(field: FormField, { locale, values = {}, errors = {} }: FormPageModel): string {
  const texts = TEXTS[locale];
  const { name } = field;
  const error = errors[name];
  const value = escapeHtml(values[name] ?? '');
  const label = `<label for="f-${name}">${escapeHtml(field.label || texts.labels[name])}${
    field.required ? ` <small>(${escapeHtml(texts.required)})</small>` : ''
  }</label>`;
  const attributes = [
    `id="f-${name}"`,
    `name="${name}"`,
    field.required ? 'required' : '',
    error === undefined ? '' : `aria-invalid="true" aria-describedby="e-${name}"`,
  ]
    .filter(Boolean)
    .join(' ');
  const input = name === 'message' ? textarea(attributes, value) : textInput(INPUTS[name], attributes, value);
  const problem = error === undefined ? '' : `<p class="error" id="e-${name}">${escapeHtml(error)}</p>`;
  return `${label}\n${input}${problem}`;
}

function textarea(attributes: string, value: string): string {
  // A newline directly after the tag is dropped by browsers; this one keeps the visitor's own.
  return `<textarea ${attributes} maxlength="${MESSAGE_MAX}">\n${value}</textarea>`;
}

function textInput({ type, autocomplete, max }: InputKind, attributes: string, value: string): string {
  return `<input type="${type}" autocomplete="${autocomplete}" maxlength="${max}" ${attributes} value="${value}">`;
}
