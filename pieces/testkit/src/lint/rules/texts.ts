import type { Rule } from '../context';
import { actionsOf, authPropsOf, authsOf, itemPropsOf, propsOf, triggersOf } from '../parts';
import { translatableStrings } from '../strings';

const SNAKE_CASE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

export const snakeCase: Rule = {
  id: 'snake-case',
  title: 'Names of actions and triggers are snake_case; they are stable, because flows hold them.',
  check: (context) =>
    [...actionsOf(context), ...triggersOf(context)].flatMap(({ path, part }) =>
      SNAKE_CASE.test(part.name) ? [] : [`${path} is not snake_case.`],
    ),
};

export const texts: Rule = {
  id: 'texts',
  title: 'The piece, every action, trigger, prop and connection field has displayName and description.',
  check: (context) => {
    const missing = (
      path: string,
      part: { displayName?: unknown; description?: unknown },
      fields: Array<'displayName' | 'description'>,
    ) =>
      fields.flatMap((field) => {
        const value = part[field];
        return typeof value === 'string' && value.trim() !== '' ? [] : [`${path} has no ${field}.`];
      });
    const both = ['displayName', 'description'] as Array<'displayName' | 'description'>;
    return [
      ...context.pieces.flatMap((piece) => missing('The piece', piece, both)),
      ...context.pieces.flatMap((piece) =>
        authsOf(piece).flatMap((auth) => missing('The connection', auth, ['displayName'])),
      ),
      ...[
        ...actionsOf(context),
        ...triggersOf(context),
        ...propsOf(context),
        ...authPropsOf(context),
      ].flatMap(({ path, part }) => missing(path, part, both)),
      ...itemPropsOf(context).flatMap(({ path, part }) => missing(path, part, ['displayName'])),
    ];
  },
};

export const logo: Rule = {
  id: 'logo-data-uri',
  title: 'The logo is a data URI, which renders without the internet.',
  check: ({ pieces }) =>
    pieces.flatMap(({ logoUrl }) =>
      /^data:image\/(svg\+xml|png);base64,/.test(logoUrl) ? [] : [`logoUrl is ${logoUrl.slice(0, 60)}.`],
    ),
};

/** English may stand in either file; the server reads both names. */
const LOCALES: ReadonlyArray<readonly [string, readonly string[]]> = [
  ['English', ['translation', 'en']],
  ['Chinese', ['zh']],
];

const SHOWN = 5;

export const i18n: Rule = {
  id: 'i18n',
  title: 'src/i18n/translation.json and zh.json have every text of the piece, keyed by the English one.',
  check: ({ pieces, translations }) => {
    const wanted = pieces.flatMap(translatableStrings);
    return LOCALES.flatMap(([language, names]) => {
      const found = names.map((name) => translations.get(name)).find((entries) => entries !== undefined);
      if (found === undefined) return [`There is no src/i18n/${names[0] ?? ''}.json (${language}).`];
      const missing = wanted.filter((text) => !Object.hasOwn(found, text) || found[text] === '');
      if (missing.length === 0) return [];
      const list = missing
        .slice(0, SHOWN)
        .map((text) => JSON.stringify(text))
        .join(', ');
      return [
        `${language} lacks ${missing.length} of ${wanted.length} texts: ${list}${missing.length > SHOWN ? ', …' : ''}`,
      ];
    });
  },
};
