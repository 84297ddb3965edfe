/** How an exception came to be closed. */
export type ExceptionResolution = {
  /** ms since 1970 UTC */
  readonly at: number;
} & (
  | { /** A movement made good what was missing. */ readonly by: 'movement'; readonly sequence: number }
  | { /** A catalogue named the SKU that none had known. */ readonly by: 'catalogue' }
  | {
      /** Somebody judged it settled, and said why. */ readonly by: 'person';
      readonly actor: string;
      readonly note: string;
    }
);
