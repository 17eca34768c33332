import { BranchOperator } from '@activepieces/shared';
import { isList, parseJson, toText } from '../values';

/** A condition whose values are resolved. */
export interface ResolvedCondition {
  firstValue?: unknown;
  secondValue?: unknown;
  caseSensitive?: boolean | undefined;
  operator: BranchOperator;
}

/** The outer list is OR, the inner AND; an empty outer list matches nothing. */
export function conditionsMatch(groups: readonly (readonly ResolvedCondition[])[]): boolean {
  return groups.some((group) => group.every(conditionHolds));
}

type Test = (first: unknown, second: unknown, fold: (value: unknown) => string) => boolean;

const contains: Test = (first, second, fold) => fold(first).includes(fold(second));
const equals: Test = (first, second, fold) => fold(first) === fold(second);
const starts: Test = (first, second, fold) => fold(first).startsWith(fold(second));
const ends: Test = (first, second, fold) => fold(first).endsWith(fold(second));
const listContains: Test = (first, second, fold) =>
  asList(first, true)?.some((item) => fold(item) === fold(second)) ?? false;
const exists: Test = (first) => first !== undefined && first !== null && first !== '';
const not =
  (test: Test): Test =>
  (first, second, fold) =>
    !test(first, second, fold);
const compareNumbers =
  (compare: (a: number | string, b: number | string) => boolean): Test =>
  (first, second) =>
    compare(asNumber(first), asNumber(second));
const compareDates =
  (compare: (a: number, b: number) => boolean): Test =>
  (first, second) => {
    const [a, b] = [asTime(first), asTime(second)];
    return a !== undefined && b !== undefined && compare(a, b);
  };

const TESTS: Record<BranchOperator, Test> = {
  [BranchOperator.TEXT_CONTAINS]: contains,
  [BranchOperator.TEXT_DOES_NOT_CONTAIN]: not(contains),
  [BranchOperator.TEXT_EXACTLY_MATCHES]: equals,
  [BranchOperator.TEXT_DOES_NOT_EXACTLY_MATCH]: not(equals),
  [BranchOperator.TEXT_STARTS_WITH]: starts,
  [BranchOperator.TEXT_DOES_NOT_START_WITH]: not(starts),
  [BranchOperator.TEXT_ENDS_WITH]: ends,
  [BranchOperator.TEXT_DOES_NOT_END_WITH]: not(ends),
  [BranchOperator.NUMBER_IS_GREATER_THAN]: compareNumbers((a, b) => a > b),
  [BranchOperator.NUMBER_IS_LESS_THAN]: compareNumbers((a, b) => a < b),
  [BranchOperator.NUMBER_IS_EQUAL_TO]: compareNumbers((a, b) => a === b),
  [BranchOperator.BOOLEAN_IS_TRUE]: (first) => Boolean(first),
  [BranchOperator.BOOLEAN_IS_FALSE]: (first) => !first,
  [BranchOperator.DATE_IS_BEFORE]: compareDates((a, b) => a < b),
  [BranchOperator.DATE_IS_EQUAL]: compareDates((a, b) => a === b),
  [BranchOperator.DATE_IS_AFTER]: compareDates((a, b) => a > b),
  [BranchOperator.LIST_CONTAINS]: listContains,
  [BranchOperator.LIST_DOES_NOT_CONTAIN]: not(listContains),
  [BranchOperator.LIST_IS_EMPTY]: (first) => asList(first, false)?.length === 0,
  [BranchOperator.LIST_IS_NOT_EMPTY]: (first) => (asList(first, false)?.length ?? 0) > 0,
  [BranchOperator.EXISTS]: exists,
  [BranchOperator.DOES_NOT_EXIST]: not(exists),
};

function conditionHolds(condition: ResolvedCondition): boolean {
  const fold = (value: unknown): string => {
    const text = toText(value);
    return condition.caseSensitive === true ? text : text.toLowerCase();
  };
  return TESTS[condition.operator](condition.firstValue, condition.secondValue, fold);
}

/** A text that is no number is compared as a text, as the engine does. */
function asNumber(value: unknown): number | string {
  const number = Number(value);
  return Number.isNaN(number) ? toText(value) : number;
}

/** A single value counts as a list of one when `coerce` is set. */
function asList(value: unknown, coerce: boolean): unknown[] | undefined {
  const parsed = typeof value === 'string' ? (parseJson(value) ?? value) : value;
  if (isList(parsed)) return parsed;
  return coerce ? [parsed] : undefined;
}

/** Milliseconds; a date without a time is midnight in the local zone. */
function asTime(value: unknown): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number' && !(value instanceof Date)) return undefined;
  const day = typeof value === 'string' ? /^(\d{4})-(\d{2})-(\d{2})$/.exec(value) : null;
  const time = day
    ? new Date(Number(day[1]), Number(day[2]) - 1, Number(day[3])).getTime()
    : new Date(value).getTime();
  return Number.isNaN(time) ? undefined : time;
}
