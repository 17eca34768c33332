import { type InputPropertyMap, PropertyType } from '@activepieces/pieces-framework';
import { definitionsOf, isPlainObject } from '../values';
import type { AnyPiece } from '../piece/load';
import type { LintContext } from './context';

/** A prop, an action or a trigger with the path that names it in a message. */
export interface Part<T> {
  path: string;
  part: T;
}

export type Definition = InputPropertyMap[string];

export function actionsOf(context: LintContext) {
  return context.pieces.flatMap((piece) =>
    Object.values(piece.actions()).map((part) => ({ path: `action ${part.name}`, part })),
  );
}

export function triggersOf(context: LintContext) {
  return context.pieces.flatMap((piece) =>
    Object.values(piece.triggers()).map((part) => ({ path: `trigger ${part.name}`, part })),
  );
}

/** Props of every action and trigger; markdown is a text between props, not a prop. */
export function propsOf(context: LintContext): Array<Part<Definition> & { name: string; owner: string }> {
  return [...actionsOf(context), ...triggersOf(context)].flatMap(({ path, part }) => {
    return Object.entries(definitionsOf(part))
      .filter(([, definition]) => String(definition.type) !== 'MARKDOWN')
      .map(([name, definition]) => ({ path: `${path}, prop ${name}`, part: definition, name, owner: path }));
  });
}

/** Properties of the items of array props. */
export function itemPropsOf(context: LintContext): Array<Part<Definition> & { name: string }> {
  return propsOf(context).flatMap(({ path, part }) =>
    part.type === PropertyType.ARRAY && part.properties !== undefined
      ? Object.entries<Definition>(part.properties).map(([name, item]) => ({
          path: `${path}.${name}`,
          part: item,
          name,
        }))
      : [],
  );
}

/** Fields of the connections of the piece. */
export function authPropsOf(context: LintContext): Array<Part<Record<string, unknown>> & { name: string }> {
  return context.pieces.flatMap((piece) =>
    authsOf(piece).flatMap((auth) => {
      const props: unknown = Reflect.get(auth, 'props');
      if (!isPlainObject(props)) return [];
      return Object.entries(props).flatMap(([name, part]) =>
        isPlainObject(part) && part['type'] !== 'MARKDOWN'
          ? [{ path: `connection field ${name}`, part, name }]
          : [],
      );
    }),
  );
}

export function authsOf(piece: AnyPiece) {
  const { auth } = piece;
  if (auth === undefined || auth === null) return [];
  return Array.isArray(auth) ? auth : [auth];
}
