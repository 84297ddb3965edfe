/**
 * Why a database may not be the latest state of its log:
 * - `backup`: it is a copy that was made as a backup, and was put back;
 * - `rolled-back`: the file beside it says that more had been committed; what is missing is lost here, beyond doubt;
 * - `salvaged`: it is what could be read of one that was damaged; nobody knows what is missing;
 * - `moved`: that file is missing, or is of another log: the database was copied by itself.
 */
export const restoredKinds = ['backup', 'rolled-back', 'salvaged', 'moved'] as const;
export type RestoredKind = (typeof restoredKinds)[number];

/** What is known of a database and of the file beside it when a node opens them. */
export type OpenedFacts = {
  /** The copy is stamped as a backup. */
  readonly isBackup: boolean;
  /** The log had a file beside it before: that it is missing means something. */
  readonly hasHighWater: boolean;
  readonly instance: string;
  readonly sequence: number;
  /** As the file says; `undefined` where there is none, or none that can be read. */
  readonly mark: { readonly instance: string; readonly sequence: number; readonly hash: string } | undefined;
  readonly isMarkUnreadable: boolean;
  /** Beginning of the log's own chain hash at the file's place; `undefined` where the log does not have it any more. */
  readonly hashAtMark: string | undefined;
};

/** What the database is; `undefined` = the latest there is, as far as can be told here. In order of precedence. */
export function restoredAs(facts: OpenedFacts): RestoredKind | undefined {
  const { mark } = facts;
  if (mark !== undefined && mark.instance === facts.instance && mark.sequence > facts.sequence) return 'rolled-back';
  if (facts.isBackup) return 'backup';
  if (mark === undefined) {
    // A power cut may tear the file; that proves nothing.
    return facts.hasHighWater && !facts.isMarkUnreadable ? 'moved' : undefined;
  }
  if (mark.instance !== facts.instance) return 'moved';
  return facts.hashAtMark !== undefined && facts.hashAtMark !== mark.hash ? 'moved' : undefined;
}

const hints: Readonly<Record<RestoredKind, string>> = {
  backup:
    'these books are a backup that was put back. Sales are recorded; nothing is promised until central has recognised the log. Where central knows more of it, take that back: edgestock edge rejoin',
  'rolled-back':
    'movements that had been committed here are missing: the database was rolled back. Sales are recorded; nothing is promised until this node has rejoined: edgestock edge rejoin',
  salvaged:
    'these books are what could be read of damaged ones. Sales are recorded; nothing is promised, and nothing sent, until this node has rejoined: edgestock edge rejoin',
  moved:
    'the database was put here without the file hwm that lay beside it, or from another node. Sales are recorded; nothing is promised until central has recognised the log. Where central knows more of it: edgestock edge rejoin',
};

/** What a person should know, and can do. */
export function restoredHint(kind: RestoredKind): string {
  return hints[kind];
}

/** Whether the state ends by itself once central has recognised the log: not where something is known to be lost. */
export function endsWithRecognition(kind: RestoredKind): boolean {
  return kind !== 'rolled-back' && kind !== 'salvaged';
}
