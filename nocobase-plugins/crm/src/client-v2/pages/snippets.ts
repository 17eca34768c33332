export interface Addresses {
  readonly page: string;
  readonly webhook: string;
}

/** Addresses of a form on the server that this page comes from. */
export function addresses(key: string, base: string = apiBase()): Addresses {
  return { page: `${base}crmLeadForms:page/${key}`, webhook: `${base}crmLeads:webhook/${key}` };
}

/** HTML for another site: the form in a frame that follows the form's height. */
export function embedSnippet(key: string, title: string, base: string = apiBase()): string {
  const { page } = addresses(key, base);
  const name = `bizstack-form-${key}`;
  return [
    `<iframe id="${name}" src="${page}" title="${escapeAttribute(title)}" style="width:100%;height:640px;border:0"></iframe>`,
    '<script>',
    `addEventListener('message', function (event) {`,
    `  var frame = document.getElementById('${name}');`,
    `  if (event.source === frame.contentWindow && event.data && event.data.type === 'bizstack:form-height')`,
    `    frame.style.height = event.data.height + 'px';`,
    `});`,
    '</script>',
  ].join('\n');
}

/** A shell command that signs and sends one lead. */
export function sampleCurl(key: string, base: string = apiBase()): string {
  const { webhook } = addresses(key, base);
  return [
    `SECRET=…   # the webhook's secret`,
    `BODY='{"name":"Ada Example","email":"ada@example.com","company":"Example Ltd","source":"website"}'`,
    'TIME=$(date +%s); DELIVERY=$(uuidgen)',
    `SIGNATURE=$(printf '%s.%s.%s' "$TIME" "$DELIVERY" "$BODY" | openssl dgst -sha256 -hmac "$SECRET" | sed 's/^.*= //')`,
    `curl -X POST '${webhook}' -H 'content-type: application/json' \\`,
    `  -H "x-bizstack-timestamp: $TIME" -H "x-bizstack-delivery: $DELIVERY" \\`,
    `  -H "x-bizstack-signature: v1=$SIGNATURE" -d "$BODY"`,
  ].join('\n');
}

function apiBase(): string {
  const configured: unknown = Reflect.get(window, '__nocobase_api_base_url__');
  const path = typeof configured === 'string' && configured !== '' ? configured : '/api/';
  return new URL(path.endsWith('/') ? path : `${path}/`, window.location.origin).href;
}

function escapeAttribute(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
