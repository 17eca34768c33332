export interface SafeOutputOptions {
  /** Hosts that links and pictures may name; `*.example.com` stands for all below. */
  allowedHosts: readonly string[];
}

const REMOVED = '[link removed]';

/**
 * Makes text of a model safe to render: no HTML, no pictures, and links to allowed hosts alone. A picture is
 * fetched without a click, and the address of a link can carry what nobody was meant to see.
 */
export function safeText(text: string, { allowedHosts }: SafeOutputOptions): string {
  const keep = (target: string) => isAllowedTarget(target, allowedHosts);
  return (
    text
      // Comments, scripts and styles go with what is in them, other tags go alone.
      .replace(/<!--[\s\S]*?(?:-->|$)/g, '')
      .replace(/<(script|style|iframe|object|svg)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, '')
      .replace(/<(https?:\/\/[^\s>]*)>/gi, (_match, url: string) => (keep(url) ? url : REMOVED))
      .replace(/<\/?[a-z][^>]*(?:>|$)/gi, '')
      // ![alt](target) and ![alt][reference]
      .replace(/!\[([^\]]*)\](?:\([^)]*\)?|\[[^\]]*\]?)/g, (_match, alt: string) =>
        alt ? `[picture: ${alt}]` : '',
      )
      // [text](target "title")
      .replace(/\[([^\]]*)\]\(\s*<?([^)\s>]*)>?[^)]*(?:\)|$)/g, (match, label: string, target: string) =>
        keep(target) ? match : `${label} ${REMOVED}`,
      )
      // [reference]: target
      .replace(/^[ \t]*\[[^\]]+\]:\s*<?(\S+?)>?(?:\s.*)?$/gm, (match, target: string) =>
        keep(target) ? match : '',
      )
      // What stands in the text as it is.
      .replace(/(?<![\w/])(?:[a-z][a-z0-9+.-]*:)?(?:\/\/|\\\\)[^\s<>"'`)\]]+/gi, (url) =>
        keep(url) ? url : REMOVED,
      )
      .replace(/(?<![\w/.@])(?:javascript|data|vbscript|file):[^\s)]+/gi, REMOVED)
      .replace(
        /(?<![\w/.@-])(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?\/[^\s<>"'`)\]]*|(?<![\w/.@-])www\.[^\s<>"'`)\]]+/gi,
        (url) => (keep(`https://${url}`) ? url : REMOVED),
      )
  );
}

/** {@link safeText} for every text of a JSON value. */
export function safeValue(value: unknown, options: SafeOutputOptions): unknown {
  if (typeof value === 'string') return safeText(value, options);
  if (Array.isArray(value)) return value.map((item) => safeValue(item, options));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, safeValue(item, options)]));
  }
  return value;
}

export function isAllowedHost(host: string, allowedHosts: readonly string[]): boolean {
  const name = host.toLowerCase().replace(/\.$/, '');
  return allowedHosts.some((allowed) => {
    const rule = allowed.toLowerCase();
    return rule.startsWith('*.') ? name.endsWith(rule.slice(1)) : name === rule;
  });
}

function isAllowedTarget(target: string, allowedHosts: readonly string[]): boolean {
  if (target === '' || /^#[\w-]*$/.test(target)) return true;
  if (/^\/(?![/\\])/.test(target)) return true;
  if (!URL.canParse(target)) return false;
  const url = new URL(target);
  if (url.protocol === 'mailto:') return true;
  return (
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    url.username === '' &&
    isAllowedHost(url.hostname, allowedHosts)
  );
}
