import { PropertyType } from '@activepieces/pieces-framework';
import { runDynamicProps, runOptions } from '../../options';
import { describeError } from '../../errors';
import { isPlainObject } from '../../values';
import type { Rule } from '../context';
import { actionsOf, authPropsOf, triggersOf } from '../parts';

export const sampleData: Rule = {
  id: 'sample-data',
  title: 'Every trigger has sampleData, from which flows are built before the first event.',
  check: (context) =>
    triggersOf(context).flatMap(({ path, part }) => {
      const sample: unknown = part.sampleData;
      const empty =
        sample === undefined ||
        sample === null ||
        (typeof sample === 'object' && Object.keys(sample).length === 0);
      return empty ? [`${path} has no sampleData.`] : [];
    }),
};

export const outputSchema: Rule = {
  id: 'output-schema',
  title: 'Every action and trigger describes its output.',
  check: (context) =>
    [...actionsOf(context), ...triggersOf(context)].flatMap(({ path, part }) =>
      (part.outputSchema?.fields.length ?? 0) > 0 ? [] : [`${path} has no outputSchema with fields.`],
    ),
};

export const aiMetadata: Rule = {
  id: 'ai-metadata',
  title: 'Every action tells agents what it does and whether it may be repeated; every trigger what it does.',
  check: (context) => [
    ...actionsOf(context).flatMap(({ path, part }) => [
      ...(part.aiMetadata?.description ? [] : [`${path} has no aiMetadata.description.`]),
      ...(part.aiMetadata?.idempotent === undefined ? [`${path} does not say aiMetadata.idempotent.`] : []),
    ]),
    ...triggersOf(context).flatMap(({ path, part }) =>
      part.aiMetadata?.description ? [] : [`${path} has no aiMetadata.description.`],
    ),
  ],
};

export const audience: Rule = {
  id: 'audience',
  title: 'Every action names its audience: human, ai or both.',
  check: (context) =>
    actionsOf(context).flatMap(({ path, part }) =>
      part.audience === undefined ? [`${path} has no audience.`] : [],
    ),
};

const SECRET_WORD =
  /^(password|passwd|passphrase|secret|token|credentials?|(api|access|secret|private|client|account|encryption)key|pem)$/;
const PUBLIC_WORD =
  /(id|name|url|uri|location|mode|type|ttl|expiry|path|header|prefix|field|column|username)$/i;

/** `sslKey`, `client_key` and `apiKey` are secrets; `publicKey` and `tokenUrl` are not. */
export function looksSecret(name: string): boolean {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[\s_-]+/)
    .map((word) => word.toLowerCase());
  if (PUBLIC_WORD.test(words.at(-1) ?? '') || words.includes('public')) return false;
  const pairs = words.slice(1).map((word, index) => `${words[index] ?? ''}${word}`);
  return [...words, ...pairs].some((word) => SECRET_WORD.test(word) || word === 'key' || word === 'private');
}

export const secretText: Rule = {
  id: 'secret-text',
  title: 'Every secret of a connection is PieceAuth.SecretText, so that it is masked and encrypted.',
  check: (context) =>
    authPropsOf(context).flatMap(({ path, part, name }) =>
      looksSecret(name) && ['SHORT_TEXT', 'LONG_TEXT'].includes(String(part['type']))
        ? [`${path} looks like a secret and is ${String(part['type'])}.`]
        : [],
    ),
};

export const dropdowns: Rule = {
  id: 'dropdowns',
  title: 'Dropdowns and dynamic props do not throw without a connection; a dropdown says what is missing.',
  check: async (context) => {
    const found: string[] = [];
    for (const { path, part } of [...actionsOf(context), ...triggersOf(context)]) {
      const props: unknown = part.props;
      if (!isPlainObject(props)) continue;
      for (const [name, prop] of Object.entries(props)) {
        const type = isPlainObject(prop) ? prop['type'] : undefined;
        try {
          if (type === PropertyType.DYNAMIC) await runDynamicProps(part, { property: name });
          if (type !== PropertyType.DROPDOWN && type !== PropertyType.MULTI_SELECT_DROPDOWN) continue;
          const state = await runOptions(part, { property: name });
          if (state.options.length === 0 && !state.placeholder)
            found.push(`${path}, prop ${name} is empty without a connection and has no placeholder.`);
        } catch (error) {
          found.push(`${path}, prop ${name} throws without a connection: ${describeError(error)}`);
        }
      }
    }
    return found;
  },
};
