/** One thing that may happen next. What it starts goes on beside everything else. */
export type Action = {
  readonly name: string;
  /** How often it is chosen, beside the others. */
  readonly weight: number;
  readonly act: () => Promise<unknown>;
};
