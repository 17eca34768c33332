/**
 * The first thing that keeps a text from being well-formed XML: tags that do not match, text outside the
 * root, a bare `<` or `&`. No schema, no entities of its own.
 *
 * @returns {string | undefined}
 */
export function xmlError(text) {
  const open = [];
  let roots = 0;
  const rest = text.replace(
    /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[[\s\S]*?\]\]>|<!DOCTYPE[^>]*>/g,
    (skipped) => skipped.replace(/[^\n]/g, ' '),
  );
  const tag = /<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
  for (let at = 0; at < rest.length;) {
    const line = () => rest.slice(0, at).split('\n').length;
    if (rest[at] !== '<') {
      const end = rest.indexOf('<', at);
      const words = rest.slice(at, end === -1 ? undefined : end);
      if (open.length === 0 && words.trim() !== '') {
        return `line ${line()}: text outside the root element`;
      }
      if (/&(?!#?\w+;)/.test(words)) {
        return `line ${line()}: a bare &`;
      }
      at += words.length;
      continue;
    }
    tag.lastIndex = at;
    const match = tag.exec(rest);
    if (match === null) {
      return `line ${line()}: not a tag`;
    }
    const [whole, closing, name, , empty] = match;
    if (closing === '/') {
      if (open.pop() !== name) {
        return `line ${line()}: </${name}> closes nothing that is open`;
      }
    } else {
      roots += open.length === 0 ? 1 : 0;
      if (empty === '') {
        open.push(name);
      }
    }
    at += whole.length;
  }
  if (open.length > 0) {
    return `<${open.at(-1)}> is not closed`;
  }
  return roots === 1 ? undefined : `${roots} root elements`;
}
