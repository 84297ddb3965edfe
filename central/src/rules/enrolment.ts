/** Central's answer to a node that asks to be known. */
export type Enrolment =
  | { readonly outcome: 'enrolled'; readonly epoch: number; readonly centralEpoch: number }
  | { readonly outcome: 'refused'; readonly reason: string; readonly hint: string };
