import { v5, v7, validate } from 'uuid';

/** Namespace of every UUIDv5 that bizstack derives. Never change it: point ids depend on it. */
export const BIZSTACK_NAMESPACE = '6f0c6f2e-52a4-5d0c-9c53-0d5c4a7b7b11';

/** A new event id: UUIDv7, so that ids sort by time. It is the idempotency key everywhere downstream. */
export function newEventId(): string {
  return v7();
}

/** The Qdrant point id of a key: the same key gives the same point, in every process and language. */
export function pointId(key: string): string {
  return v5(key, BIZSTACK_NAMESPACE);
}

export function isUuid(value: string): boolean {
  return validate(value);
}
