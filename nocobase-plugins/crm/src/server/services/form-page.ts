import { LEAD_MESSAGE_MAX } from '@bizstack/contracts';
import type { FormField } from '../constants';
import { FORM_TEXTS, type FormLanguage } from './form-texts';
import type { LeadForm } from './forms';

/** Name of the field that people do not see and robots fill in. */
export const HONEYPOT = 'website';

export interface PageInput {
  readonly form: LeadForm;
  readonly language: FormLanguage;
  /** Path that the form is sent to. */
  readonly action: string;
  readonly token: string;
  /** One-time value for the page's own style and script. */
  readonly nonce: string;
  readonly values?: Readonly<Record<string, string>>;
  /** Messages by field name; `''` stands above the form. */
  readonly errors?: Readonly<Record<string, string>>;
}

const INPUTS: Readonly<Record<FormField, string>> = {
  name: 'type="text" autocomplete="name" maxlength="200"',
  email: 'type="email" autocomplete="email" inputmode="email" maxlength="254"',
  phone: 'type="tel" autocomplete="tel" inputmode="tel" maxlength="40"',
  company: 'type="text" autocomplete="organization" maxlength="200"',
  jobTitle: 'type="text" autocomplete="organization-title" maxlength="200"',
  country: 'type="text" autocomplete="country-name" maxlength="100"',
  city: 'type="text" autocomplete="address-level2" maxlength="100"',
  message: '',
};

/** The form as one HTML document without outside files; works without JavaScript. */
export function formPage(input: PageInput): string {
  const { form, language, action, token, errors = {} } = input;
  const texts = FORM_TEXTS[language];
  const general = errors[''];
  const body = `
<main>
<h1>${escapeHtml(form.title)}</h1>
${form.intro === '' ? '' : `<p class="intro">${paragraphs(form.intro)}</p>`}
<div role="alert" id="problem" class="problem"${general === undefined ? ' hidden' : ''}>${escapeHtml(general ?? '')}</div>
<form method="post" action="${escapeHtml(action)}" id="form" novalidate>
${form.fields.map((field) => fieldHtml(field, input)).join('\n')}
${consentHtml(input)}
<div class="away" aria-hidden="true"><label>${texts.leaveEmpty}<input type="text" name="${HONEYPOT}" tabindex="-1" autocomplete="off"></label></div>
<input type="hidden" name="_token" value="${escapeHtml(token)}">
<input type="hidden" name="_lang" value="${language}">
<p class="hint" id="contact">${texts.contact}</p>
<button type="submit" data-sending="${texts.sending}">${texts.send}</button>
</form>
</main>`;
  return documentHtml({ title: form.title, language, nonce: input.nonce, body });
}

export interface MessageInput {
  readonly language: FormLanguage;
  readonly nonce: string;
  readonly title: string;
  readonly text: string;
  /** Where the button below leads. */
  readonly link?: { readonly href: string; readonly text: string };
}

/** A page that only says something: sent, or not possible. */
export function messagePage({ language, nonce, title, text, link }: MessageInput): string {
  const body = `
<main>
<h1 tabindex="-1" id="done">${escapeHtml(title)}</h1>
<p role="status">${paragraphs(text)}</p>
${link === undefined ? '' : `<p><a class="button" href="${escapeHtml(link.href)}">${escapeHtml(link.text)}</a></p>`}
</main>`;
  return documentHtml({ title, language, nonce, body });
}

/** Lets the form be framed by the allowed sites only, and lets the page load nothing from outside. */
export function contentSecurityPolicy(form: LeadForm | undefined, nonce: string): string {
  const origins = form?.allowedOrigins ?? [];
  const redirect = form?.redirectUrl === undefined ? [] : [new URL(form.redirectUrl).origin];
  return [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    ["form-action 'self'", ...redirect].join(' '),
    ["frame-ancestors 'self'", ...origins].join(' '),
    "base-uri 'none'",
  ].join('; ');
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function paragraphs(text: string): string {
  return escapeHtml(text).replaceAll('\n', '<br>');
}

function fieldHtml(field: FormField, { form, language, values = {}, errors = {} }: PageInput): string {
  const texts = FORM_TEXTS[language];
  const error = errors[field];
  const required =
    (field === 'email' && !form.fields.includes('phone')) ||
    (field === 'phone' && !form.fields.includes('email'));
  const label =
    form.fields.length > 0 && !required && !['email', 'phone'].includes(field)
      ? ` <span class="hint">(${texts.optional})</span>`
      : '';
  const describedBy = [
    ...(error === undefined ? [] : [`${field}-error`]),
    ...(['email', 'phone'].includes(field) ? ['contact'] : []),
  ].join(' ');
  const attributes = [
    `id="${field}"`,
    `name="${field}"`,
    ...(required ? ['required'] : []),
    ...(error === undefined ? [] : ['aria-invalid="true"']),
    ...(describedBy === '' ? [] : [`aria-describedby="${describedBy}"`]),
  ].join(' ');
  const value = values[field] ?? '';
  const input =
    field === 'message'
      ? `<textarea ${attributes} rows="5" maxlength="${LEAD_MESSAGE_MAX}">\n${escapeHtml(value)}</textarea>`
      : `<input ${attributes} ${INPUTS[field]} value="${escapeHtml(value)}">`;
  const message = error === undefined ? '' : `<p class="error" id="${field}-error">${escapeHtml(error)}</p>`;
  return `<div class="field"><label for="${field}">${texts.labels[field]}${label}</label>${input}${message}</div>`;
}

function consentHtml({ form, language, values = {}, errors = {} }: PageInput): string {
  if (!form.consentRequired) return '';
  const text = form.consentText === '' ? FORM_TEXTS[language].consent : form.consentText;
  const error = errors['consent'];
  const checked = values['consent'] === 'true' ? ' checked' : '';
  const invalid = error === undefined ? '' : ' aria-invalid="true" aria-describedby="consent-error"';
  const message = error === undefined ? '' : `<p class="error" id="consent-error">${escapeHtml(error)}</p>`;
  return `<div class="field"><label class="check"><input type="checkbox" name="consent" value="true" required${checked}${invalid}> ${escapeHtml(text)}</label>${message}</div>`;
}

function documentHtml({
  title,
  language,
  nonce,
  body,
}: {
  title: string;
  language: FormLanguage;
  nonce: string;
  body: string;
}): string {
  return `<!doctype html>
<html lang="${language === 'zh' ? 'zh-CN' : 'en'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="strict-origin-when-cross-origin">
<title>${escapeHtml(title)}</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>${body}
<script nonce="${nonce}">${SCRIPT}</script>
</body>
</html>
`;
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1f2430;--soft:#5c6475;--line:#b9c0cc;--paper:#fff;--accent:#1457d9;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#eceff4;--soft:#a7afbd;--line:#566072;--paper:#171a21;--accent:#7aa7ff;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI","PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:36rem;margin:0 auto;padding:1.5rem 1rem 2rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .75rem}
.intro{color:var(--soft);margin:0 0 1.25rem}
.field{margin:0 0 1rem}
label{display:block;font-weight:600;margin:0 0 .25rem}
label.check{font-weight:400;display:flex;gap:.5rem;align-items:flex-start}
label.check input{width:1.25rem;height:1.25rem;margin:.15rem 0 0;flex:none}
input:not([type=checkbox]),textarea{width:100%;padding:.625rem .75rem;font:inherit;color:inherit;background:transparent;border:1px solid var(--line);border-radius:.375rem;min-height:2.75rem}
input:focus-visible,textarea:focus-visible,button:focus-visible,a:focus-visible{outline:3px solid var(--accent);outline-offset:1px}
[aria-invalid=true]{border-color:var(--bad)!important}
.hint{color:var(--soft);font-weight:400;font-size:.875rem;margin:0 0 1rem}
.error{color:var(--bad);margin:.25rem 0 0;font-size:.9rem}
.problem{border:1px solid var(--bad);border-left-width:.375rem;border-radius:.375rem;padding:.75rem 1rem;margin:0 0 1rem}
button,.button{display:inline-block;min-height:2.75rem;padding:.625rem 1.5rem;font:inherit;font-weight:600;color:var(--paper);background:var(--accent);border:0;border-radius:.375rem;cursor:pointer;text-decoration:none}
button[disabled]{opacity:.6;cursor:default}
.away{position:absolute;left:-10000px;width:1px;height:1px;overflow:hidden}
@media (max-width:30rem){button,.button{width:100%;text-align:center}}
`;

/** Marks the button while sending, moves the focus to what is wrong, and tells a framing page the height. */
const SCRIPT = `
(function () {
  var form = document.getElementById('form');
  if (form) form.addEventListener('submit', function () {
    var button = form.querySelector('button');
    button.disabled = true;
    button.textContent = button.getAttribute('data-sending');
  });
  var first = document.querySelector('[aria-invalid=true]') || document.getElementById('done');
  if (first) first.focus();
  function tell() {
    if (parent !== window) parent.postMessage({ type: 'bizstack:form-height', height: document.documentElement.scrollHeight }, '*');
  }
  addEventListener('load', tell);
  addEventListener('resize', tell);
})();
`;
