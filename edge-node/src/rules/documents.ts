/**
 * What a rule may look up beyond the shelves: the node's documents, as the commands before have left them. Synchronous and
 * without effect, so that a rule stays a function of what is stored; a test hands in maps.
 */
export type Documents = Readonly<Record<never, never>>;

/** What a decision writes beside its movements, in the same commit. */
export type DocumentWrite = never;
