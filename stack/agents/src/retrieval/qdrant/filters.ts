/** Who searches. */
export interface RetrievalUser {
  readonly id: string;
  readonly roles?: readonly string[] | undefined;
  /** Count as roles of that exact name; a wildcard such as `*` opens no source. */
  readonly permissions?: readonly string[] | undefined;
}

export type Filter = Readonly<Record<string, unknown>>;

const match = (key: string, value: unknown): Filter => ({ key, match: { value } });
const matchAny = (key: string, any: readonly string[]): Filter => ({ key, match: { any } });

export function chunksOfSources(sourceIds: readonly string[]): Filter {
  return { must: [match('kind', 'chunk'), matchAny('source_id', sourceIds)] };
}

export function ofKind(kind: 'chunk' | 'source'): Filter {
  return { must: [match('kind', kind)] };
}

/** Chunks that the user may read; without a user, those that everyone may. */
export function readableBy(
  user: RetrievalUser | undefined,
  sourceIds: readonly string[] | undefined,
): Filter {
  const roles = [...new Set([...(user?.roles ?? []), ...(user?.permissions ?? [])])];
  const open = [
    match('access.public', true),
    ...(user ? [matchAny('access.users', [user.id])] : []),
    ...(roles.length > 0 ? [matchAny('access.roles', roles)] : []),
  ];
  const sources = sourceIds ? [matchAny('source_id', sourceIds)] : [];
  return { must: [match('kind', 'chunk'), ...sources, { should: open }] };
}
