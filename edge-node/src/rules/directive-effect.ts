import type { DocumentWrite } from './documents.ts';

/** What a directive came to; its movements are in the recording. */
export type Effect =
  | { readonly outcome: 'carried-out'; readonly writes: readonly DocumentWrite[] }
  | { readonly outcome: 'refused'; readonly reason: string };
