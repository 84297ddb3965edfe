/** A node of the ESTree that the parser of the test runner hands out; which fields there are depends on the type. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}
