import { WrongCall } from '@edgestock/shared/command/wrong-call';
import type { ArgsDef } from 'citty';

/**
 * Refuses flags that the command does not have, flags without their value, and words too many. The argument library takes
 * all of these in silence, and a misspelt flag that is ignored does the wrong thing with exit code 0.
 */
export function refuseMisuse(args: readonly string[], known: ArgsDef, path: string): void {
  const flags = flagsOf(known);
  const words: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index] ?? '';
    if (argument === '--') {
      words.push(...args.slice(index + 1));
      break;
    }
    if (!argument.startsWith('-') || argument === '-') {
      words.push(argument);
      continue;
    }
    const [name = '', ...value] = argument.replace(/^--?/, '').split('=');
    const takesValue = takesValueOf(name, flags);
    if (takesValue === undefined) {
      throw new WrongCall(
        `edgestock ${path} has no flag ${argument.split('=')[0]}`,
        suggestion(name, [...flags.keys()], '--', path),
      );
    }
    if (!takesValue) continue;
    if (value.length === 0) index += 1;
    const given = value.length === 0 ? args[index] : value.join('=');
    const isMissing = given === undefined || (value.length === 0 && /^--\w/.test(given));
    // A variable of a script that is not set. Where a flag need not be, an empty value may have a meaning of its own.
    if (isMissing || (given === '' && known[name]?.required === true)) {
      throw new WrongCall(
        `--${name} needs a value`,
        `Write --${name}=VALUE. edgestock ${path} --help shows what it may be.`,
      );
    }
  }
  const places = Object.values(known).filter(({ type }) => type === 'positional').length;
  if (words.length > places) {
    throw new WrongCall(
      `edgestock ${path} does not take "${words[places]}"`,
      `edgestock ${path} --help shows what it takes.`,
    );
  }
}

/** Every spelling of every flag; true when it takes a value. */
function flagsOf(known: ArgsDef): ReadonlyMap<string, boolean> {
  const entries = Object.entries(known)
    .filter(([, { type }]) => type !== 'positional')
    .flatMap(([name, definition]) => {
      const aliases = 'alias' in definition && definition.alias !== undefined ? [definition.alias].flat() : [];
      const takesValue = definition.type === 'string' || definition.type === 'enum';
      return [name, ...aliases].map((spelling) => [spelling, takesValue] as const);
    });
  return new Map(entries);
}

function takesValueOf(name: string, flags: ReadonlyMap<string, boolean>): boolean | undefined {
  const direct = flags.get(name);
  if (direct !== undefined || !name.startsWith('no-')) return direct;
  return flags.get(name.slice(3)) === false ? false : undefined;
}

/** The nearest of the names, or where to read them all. */
export function suggestion(given: string, names: readonly string[], prefix: string, path: string): string {
  const nearest = names
    .map((name) => ({ name, distance: editDistance(given, name) }))
    .sort((a, b) => a.distance - b.distance)
    .at(0);
  const isNear = nearest !== undefined && nearest.distance <= Math.max(1, Math.floor(nearest.name.length / 3));
  const all = `edgestock ${path ? `${path} ` : ''}--help shows all.`;
  return isNear ? `Did you mean ${prefix}${nearest.name}? ${all}` : all;
}

/** Insertions, deletions and substitutions between two words (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, substitution));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
