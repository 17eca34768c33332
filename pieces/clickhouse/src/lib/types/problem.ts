/** Says in words why a value or a row cannot be stored; turned into the reason of a bad row. */
export class ValueProblem extends Error {
  constructor(
    message: string,
    readonly column?: string,
  ) {
    super(message);
  }
}
