/** Things that look like a secret whoever they belong to. */
const PATTERNS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\bsk-[A-Za-z0-9_-]{16,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\bgh[pousr]_[A-Za-z0-9]{20,}/g,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g,
  /\b(?:postgres(?:ql)?|mysql|mongodb(?:\+srv)?|redis|amqps?|https?):\/\/[^\s:/@]+:[^\s/@]+@[^\s]+/g,
];
const HIDDEN = '[secret]';
/** Shorter ones would be found everywhere. */
const SHORTEST = 6;

/**
 * Keeps secrets away from the model and from what it writes. Known secrets (keys, passwords of connections)
 * are found also when encoded (base64, hex, URL, reversed, rot13) or spread out; others by their form.
 */
export class SecretGuard {
  readonly #exact: readonly string[];
  readonly #squeezed: readonly string[];

  constructor(secrets: readonly string[] = []) {
    const known = [...new Set(secrets)].filter((secret) => secret.length >= SHORTEST);
    this.#exact = known.flatMap(formsOf).sort((left, right) => right.length - left.length);
    this.#squeezed = [...new Set(this.#exact.map(squeeze))].filter((form) => form.length >= SHORTEST);
  }

  /** Whether the text carries a secret in any form. */
  finds(text: string): boolean {
    return this.#hasKnown(text) || PATTERNS.some((pattern) => text.search(pattern) >= 0);
  }

  /** The text without secrets; all of it is withheld when a secret is spread over it. */
  redact(text: string): string {
    let clean = text;
    for (const form of this.#exact) clean = clean.replaceAll(form, HIDDEN);
    for (const pattern of PATTERNS) clean = clean.replace(pattern, HIDDEN);
    return this.#hasKnown(clean) ? '[withheld: it contains a secret]' : clean;
  }

  /** {@link SecretGuard.redact} for every text of a JSON value, keys too. */
  redactValue(value: unknown): unknown {
    if (typeof value === 'string') return this.redact(value);
    if (Array.isArray(value)) return value.map((item) => this.redactValue(item));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [this.redact(key), this.redactValue(item)]),
      );
    }
    return value;
  }

  #hasKnown(text: string): boolean {
    if (this.#squeezed.length === 0) return false;
    const squeezed = squeeze(text);
    return this.#squeezed.some((form) => squeezed.includes(form));
  }
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const aligned = [0, 1, 2].map((shift) => {
    // Only the part that does not depend on what stands before and after.
    const text = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    return text.slice(shift === 0 ? 0 : shift + 1, text.length - ((bytes.length + shift) % 3 === 0 ? 0 : 1));
  });
  const forms = [
    secret,
    ...aligned,
    ...aligned.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
    bytes.toString('hex'),
    encodeURIComponent(secret),
    [...secret].reverse().join(''),
    secret.replace(/[a-z]/gi, (letter) => {
      const base = letter <= 'Z' ? 65 : 97;
      return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base);
    }),
  ];
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST);
}

/** Letters and digits only, so that blanks, hyphens or quotes between them hide nothing. */
function squeeze(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');
}
