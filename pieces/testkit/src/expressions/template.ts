import type { Script } from 'node:vm';
import { parsePlainPath, type PlainPath, readPath } from './path';
import { compileExpression, type ExpressionSandbox } from './sandbox';

/** What a template reads: step outputs by step name, and connections by external id. */
export interface Scope {
  steps: Readonly<Record<string, unknown>>;
  connection(id: string): unknown;
}

export interface Resolved {
  value: unknown;
  /** The same with every connection replaced, for journals and logs. */
  censored: unknown;
}

export const REDACTED = '**REDACTED**';

type Token =
  | { kind: 'path'; source: string; path: PlainPath }
  | { kind: 'script'; source: string; script: Script; names: readonly string[] }
  | { kind: 'connection'; source: string; id: string; keys: readonly string[] }
  | { kind: 'broken'; source: string; reason: string };

/** A compiled value of a step's settings; compile once, resolve for every run. */
export type Template =
  | { kind: 'constant'; value: unknown }
  | { kind: 'token'; token: Token }
  | { kind: 'text'; parts: ReadonlyArray<string | Token>; spread: boolean }
  | { kind: 'list'; items: readonly Template[] }
  | { kind: 'object'; entries: ReadonlyArray<readonly [string, Template]> };

const TOKEN = /\{\{(.*?)\}\}/g;
/** Names that are variables: not those after a dot, unless the dots are a spread. */
const VARIABLE = /(?<!(?<!\.\.)\.)(?<![\w$])[A-Za-z_$][\w$]*/g;
const QUOTED = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g;

/** Compiles every `{{…}}` in a value. Never throws: a broken expression resolves to an empty text. */
export function compileTemplate(value: unknown): Template {
  if (typeof value === 'string') return compileText(value);
  if (Array.isArray(value)) {
    const items = value.map(compileTemplate);
    return items.every((item) => item.kind === 'constant')
      ? { kind: 'constant', value }
      : { kind: 'list', items };
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => [key, compileTemplate(item)] as const);
    return entries.every(([, item]) => item.kind === 'constant')
      ? { kind: 'constant', value }
      : { kind: 'object', entries };
  }
  return { kind: 'constant', value };
}

/** Problems and references of a template, for the check before a flow starts. */
export interface TemplateFacts {
  /** Root names that plain paths and scripts read. */
  names: string[];
  connections: string[];
  broken: Array<{ source: string; reason: string }>;
}

export function inspectTemplate(
  template: Template,
  facts: TemplateFacts = { names: [], connections: [], broken: [] },
): TemplateFacts {
  for (const token of tokensOf(template)) {
    if (token.kind === 'path') facts.names.push(token.path.root);
    else if (token.kind === 'script') facts.names.push(...token.names);
    else if (token.kind === 'connection') facts.connections.push(token.id);
    else facts.broken.push({ source: token.source, reason: token.reason });
  }
  return facts;
}

function tokensOf(template: Template): Token[] {
  switch (template.kind) {
    case 'constant':
      return [];
    case 'token':
      return [template.token];
    case 'text':
      return template.parts.filter((part) => typeof part !== 'string');
    case 'list':
      return template.items.flatMap(tokensOf);
    case 'object':
      return template.entries.flatMap(([, item]) => tokensOf(item));
  }
}

/**
 * Resolves a template. A text that is one token keeps the token's type; in a longer text objects become JSON;
 * errors, null and undefined become an empty text.
 */
export function resolveTemplate(template: Template, scope: Scope, sandbox: ExpressionSandbox): Resolved {
  switch (template.kind) {
    case 'constant': {
      const value = structuredClone(template.value);
      return { value, censored: value };
    }
    case 'token':
      return resolveToken(template.token, scope, sandbox);
    case 'text':
      return template.spread
        ? resolveSpread(template.parts, scope, sandbox)
        : resolveText(template.parts, scope, sandbox);
    case 'list': {
      const items = template.items.map((item) => resolveTemplate(item, scope, sandbox));
      return { value: items.map(({ value }) => value), censored: items.map(({ censored }) => censored) };
    }
    case 'object': {
      const entries = template.entries.map(
        ([key, item]) => [key, resolveTemplate(item, scope, sandbox)] as const,
      );
      return {
        value: Object.fromEntries(entries.map(([key, { value }]) => [key, value])),
        censored: Object.fromEntries(entries.map(([key, { censored }]) => [key, censored])),
      };
    }
  }
}

function compileText(text: string): Template {
  const parts: Array<string | Token> = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > end) parts.push(text.slice(end, match.index));
    parts.push(compileToken(match[1] ?? ''));
    end = match.index + match[0].length;
  }
  if (end === 0) return { kind: 'constant', value: text };
  if (end < text.length) parts.push(text.slice(end));
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && typeof only !== 'string')
    return { kind: 'token', token: only };
  return { kind: 'text', parts, spread: /\{\{\s*flattenNestedKeys/.test(text) };
}

function compileToken(source: string): Token {
  const path = parsePlainPath(source);
  if (path?.root === 'connections') {
    const [id = '', ...keys] = path.keys;
    return { kind: 'connection', source, id, keys };
  }
  if (path !== undefined) return { kind: 'path', source, path };
  const names = [...new Set(source.replaceAll(QUOTED, "''").match(VARIABLE) ?? [])].filter(isStepName);
  try {
    return { kind: 'script', source, script: compileExpression(source, names), names };
  } catch (error) {
    return { kind: 'broken', source, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Names that a flow's steps have; other identifiers in an expression are JavaScript's own. */
export function isStepName(name: string): boolean {
  return name === 'trigger' || /^step_\w+$/.test(name);
}

function resolveToken(token: Token, scope: Scope, sandbox: ExpressionSandbox): Resolved {
  switch (token.kind) {
    case 'broken':
      return { value: '', censored: '' };
    case 'connection':
      return { value: readPath(scope.connection(token.id), token.keys) ?? '', censored: REDACTED };
    case 'path': {
      const { root, keys } = token.path;
      const output = Object.hasOwn(scope.steps, root) ? scope.steps[root] : undefined;
      // A copy: a piece that changes its props must not change what later steps read.
      const value = structuredClone(readPath(output, keys) ?? '');
      return { value, censored: value };
    }
    case 'script': {
      const steps: Record<string, unknown> = {};
      for (const name of token.names) {
        // A step that did not run is an unknown variable, and an unknown variable is an error.
        if (!Object.hasOwn(scope.steps, name)) return { value: '', censored: '' };
        steps[name] = scope.steps[name];
      }
      const value = sandbox.evaluate(token.script, steps) ?? '';
      return { value, censored: value };
    }
  }
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function resolveText(
  parts: ReadonlyArray<string | Token>,
  scope: Scope,
  sandbox: ExpressionSandbox,
): Resolved {
  let value = '';
  let censored = '';
  for (const part of parts) {
    const resolved =
      typeof part === 'string' ? { value: part, censored: part } : resolveToken(part, scope, sandbox);
    value += toText(resolved.value);
    censored += toText(resolved.censored);
  }
  return { value, censored };
}

/** A text around `flattenNestedKeys(…)` is one text for every element of the longest list. */
function resolveSpread(
  parts: ReadonlyArray<string | Token>,
  scope: Scope,
  sandbox: ExpressionSandbox,
): Resolved {
  const resolved = parts.map((part) =>
    typeof part === 'string' ? part : resolveToken(part, scope, sandbox).value,
  );
  const length = Math.max(0, ...resolved.map((value) => (Array.isArray(value) ? value.length : 0)));
  const value = Array.from({ length }, (_, index) =>
    resolved.map((item) => toText(Array.isArray(item) ? ((item as unknown[])[index] ?? '') : item)).join(''),
  );
  return { value, censored: value };
}
