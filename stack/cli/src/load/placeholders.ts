import { BizError } from '@bizstack/contracts';

const PLACEHOLDER = /\$\{([A-Z][A-Z0-9_]*)\}/g;

export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Fills `${NAME}` in every string of a JSON value.
 *
 * @param where names the file in the error
 * @throws BIZ_LOAD_PLACEHOLDER with every name that has no value, and where it stands
 */
export function resolvePlaceholders(value: unknown, variables: Variables, where: string): unknown {
  const missing = new Map<string, string>();
  const resolved = walk(value, '', (text, path) =>
    text.replace(PLACEHOLDER, (placeholder, name: string) => {
      const found = variables[name];
      if (found === undefined || found === '') {
        missing.set(name, path);
        return placeholder;
      }
      return found;
    }),
  );
  if (missing.size > 0) {
    const list = [...missing].map(([name, path]) => `${name} (${path})`).join(', ');
    throw new BizError('BIZ_LOAD_PLACEHOLDER', `${where} needs values for: ${list}.`, {
      hint: 'Set them in the environment or in a file named with --env-file.',
      details: { names: [...missing.keys()] },
    });
  }
  return resolved;
}

function walk(value: unknown, path: string, fill: (text: string, path: string) => string): unknown {
  if (typeof value === 'string') {
    return fill(value, path);
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => walk(item, `${path}[${index}]`, fill));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        walk(item, path === '' ? key : `${path}.${key}`, fill),
      ]),
    );
  }
  return value;
}
