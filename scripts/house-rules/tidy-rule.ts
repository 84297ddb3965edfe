import type { SourceFile, TextFile } from './source-tree.ts';

/** A complaint about one line of a file. */
export interface Problem {
  readonly line: number;
  readonly what: string;
}

interface RuleOf<File extends TextFile> {
  readonly name: string;
  readonly concerns: (path: string) => boolean;
  readonly problems: (file: File) => readonly Problem[];
  /** Files that may break it, each with the reason. A reason that concerns no file any more has to go. */
  readonly exempt?: Readonly<Record<string, string>>;
}

/** About any text, from the lockfile to the run book. */
export type TextRule = RuleOf<TextFile>;
/** About the meaning of code. */
export type SyntaxRule = RuleOf<SourceFile>;

export function violations<File extends TextFile>(rule: RuleOf<File>, file: File): readonly string[] {
  if (!rule.concerns(file.path) || rule.exempt?.[file.path]) return [];
  return rule.problems(file).map(({ line, what }) => `${file.path}:${line}: ${what} (${rule.name})`);
}
