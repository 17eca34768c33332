const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&', '#39': "'" };

/** What a browser would send when the page's form is filled in like this. */
export async function sendForm(page: string, fields: Record<string, string>) {
  const html = await (await fetch(page)).text();
  const plain = (text: string) =>
    text.replace(/&(lt|gt|quot|amp|#39);/g, (_all, name: string) => ENTITIES[name] ?? '');
  const found = [
    ...html.matchAll(/type="hidden" name="([^"]+)" value="([^"]*)"/g),
    ...html.matchAll(/<textarea name="([^"]+)"[^>]*>\n([^<]*)</g),
  ].map(([, name = '', value = '']) => [name, plain(value).replaceAll('\n', '\r\n')] as const);
  return { html, body: { ...Object.fromEntries(found), ...fields } };
}
