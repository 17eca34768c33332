import { BranchOperator as Op } from '@activepieces/shared';
import { conditionsMatch } from '../src/flow/conditions';

const holds = (firstValue: unknown, operator: Op, secondValue?: unknown, caseSensitive?: boolean): boolean =>
  conditionsMatch([[{ firstValue, operator, secondValue, caseSensitive }]]);

const CASES: Array<[Op, unknown, unknown, boolean]> = [
  [Op.TEXT_CONTAINS, 'Hello', 'ELL', true],
  [Op.TEXT_CONTAINS, { a: 1 }, '"a"', true],
  [Op.TEXT_CONTAINS, 'Hello', 'x', false],
  [Op.TEXT_DOES_NOT_CONTAIN, 'Hello', 'x', true],
  [Op.TEXT_DOES_NOT_CONTAIN, 'Hello', 'h', false],
  [Op.TEXT_EXACTLY_MATCHES, 'A', 'a', true],
  [Op.TEXT_EXACTLY_MATCHES, 5, '5', true],
  [Op.TEXT_EXACTLY_MATCHES, 'A', 'ab', false],
  [Op.TEXT_DOES_NOT_EXACTLY_MATCH, 'A', 'b', true],
  [Op.TEXT_DOES_NOT_EXACTLY_MATCH, 'A', 'a', false],
  [Op.TEXT_STARTS_WITH, 'Hello', 'he', true],
  [Op.TEXT_STARTS_WITH, 'Hello', 'lo', false],
  [Op.TEXT_DOES_NOT_START_WITH, 'Hello', 'lo', true],
  [Op.TEXT_DOES_NOT_START_WITH, 'Hello', 'HE', false],
  [Op.TEXT_ENDS_WITH, 'Hello', 'LO', true],
  [Op.TEXT_ENDS_WITH, 'Hello', 'he', false],
  [Op.TEXT_DOES_NOT_END_WITH, 'Hello', 'he', true],
  [Op.TEXT_DOES_NOT_END_WITH, 'Hello', 'lo', false],
  [Op.NUMBER_IS_GREATER_THAN, 11, '10', true],
  [Op.NUMBER_IS_GREATER_THAN, '9', '10', false],
  [Op.NUMBER_IS_LESS_THAN, '9', '10', true],
  [Op.NUMBER_IS_LESS_THAN, 10, 10, false],
  [Op.NUMBER_IS_EQUAL_TO, '10.0', 10, true],
  [Op.NUMBER_IS_EQUAL_TO, 'a', 'b', false],
  [Op.BOOLEAN_IS_TRUE, true, undefined, true],
  [Op.BOOLEAN_IS_TRUE, '', undefined, false],
  [Op.BOOLEAN_IS_FALSE, '', undefined, true],
  [Op.BOOLEAN_IS_FALSE, true, undefined, false],
  [Op.DATE_IS_BEFORE, '2024-01-01', '2024-01-02', true],
  [Op.DATE_IS_BEFORE, 'soon', '2024-01-02', false],
  [Op.DATE_IS_EQUAL, '2024-01-01T00:00:00Z', '2024-01-01T01:00:00+01:00', true],
  [Op.DATE_IS_EQUAL, '2024-01-01', '2024-01-02', false],
  [Op.DATE_IS_AFTER, 1704200000000, '2024-01-01', true],
  [Op.DATE_IS_AFTER, { date: 1 }, '2024-01-01', false],
  [Op.LIST_CONTAINS, ['A', 'b'], 'a', true],
  [Op.LIST_CONTAINS, '["x"]', 'x', true],
  [Op.LIST_CONTAINS, 'x', 'x', true],
  [Op.LIST_CONTAINS, ['A'], 'b', false],
  [Op.LIST_DOES_NOT_CONTAIN, ['A'], 'b', true],
  [Op.LIST_DOES_NOT_CONTAIN, ['A'], 'a', false],
  [Op.LIST_IS_EMPTY, [], undefined, true],
  [Op.LIST_IS_EMPTY, '[]', undefined, true],
  [Op.LIST_IS_EMPTY, [1], undefined, false],
  [Op.LIST_IS_EMPTY, 'no list', undefined, false],
  [Op.LIST_IS_NOT_EMPTY, '[1]', undefined, true],
  [Op.LIST_IS_NOT_EMPTY, [], undefined, false],
  [Op.LIST_IS_NOT_EMPTY, 'no list', undefined, false],
  [Op.EXISTS, 0, undefined, true],
  [Op.EXISTS, '', undefined, false],
  [Op.DOES_NOT_EXIST, null, undefined, true],
  [Op.DOES_NOT_EXIST, false, undefined, false],
];

describe('conditions', () => {
  it.each(CASES)('%s of %j and %j is %j', (operator, first, second, expected) => {
    expect(holds(first, operator, second)).toBe(expected);
  });

  it('covers every operator both ways', () => {
    for (const operator of Object.values(Op)) {
      const results = CASES.filter(([name]) => name === operator).map(([, , , expected]) => expected);
      expect([operator, new Set(results).size]).toEqual([operator, 2]);
    }
  });

  it('minds the case only when told to', () => {
    expect(holds('A', Op.TEXT_EXACTLY_MATCHES, 'a', true)).toBe(false);
    expect(holds(['A'], Op.LIST_CONTAINS, 'a', true)).toBe(false);
  });

  it('joins the outer list by OR and the inner one by AND', () => {
    const yes = { firstValue: 1, operator: Op.EXISTS };
    const no = { firstValue: 1, operator: Op.DOES_NOT_EXIST };
    expect(
      conditionsMatch([
        [yes, no],
        [yes, yes],
      ]),
    ).toBe(true);
    expect(conditionsMatch([[yes, no], [no]])).toBe(false);
    expect(conditionsMatch([])).toBe(false);
  });
});
