import type { TextFile } from './source-tree.ts';
import type { Problem, TextRule } from './tidy-rule.ts';

const LINES_MAX = 500;

const isAnyFile = () => true;

export const textRules: readonly TextRule[] = [
  {
    name: 'file length',
    concerns: (path) => /\.(m?[jt]s|css|html|sql|sh)$/.test(path),
    problems: ({ text }) => {
      const lines = text.split('\n').length - 1;
      return lines > LINES_MAX ? [{ line: LINES_MAX, what: `${lines} lines: which second noun moved in?` }] : [];
    },
  },
  {
    name: 'kebab-case names',
    concerns: isAnyFile,
    problems: ({ path }) =>
      path
        .split('/')
        .filter((name) => !isKebabCase(name))
        .map((name) => ({ line: 1, what: `${name} is not in kebab-case` })),
  },
  {
    name: 'no leftovers',
    concerns: isAnyFile,
    problems: matches(/\b(TODO|FIXME|XXX|HACK)\b/g, 'do it, or open an issue'),
    exempt: {
      'scripts/house-rules/text-rules.ts': 'names the words',
      'scripts/house-rules/planted-tidy.ts': 'plants the words',
    },
  },
  {
    name: 'no machine paths',
    concerns: isAnyFile,
    // Where a checkout lies, and whose home it is, differ from machine to machine.
    problems: matches(
      /(?<![\w.@-])\/(work\/(main|shared|\.)|tmp\/w\b|root\/|home\/\w|Users\/\w)/g,
      'a path of one machine',
    ),
    exempt: { 'scripts/house-rules/planted-tidy.ts': 'plants such paths' },
  },
  {
    name: 'no registry addresses',
    concerns: isAnyFile,
    problems: (file) => [
      ...matches(
        /https?:\/\/[^\s/'"]*registry|\bregistry\.(npmjs|yarnpkg)|npmjs\.org/g,
        'the address of a registry',
      )(file),
      // The user's own settings say where packages come from.
      ...(/(^|\/)(pnpm-lock\.yaml|\.npmrc)$/.test(file.path) ? matches(/https?:\/\/\S+/g, 'an address')(file) : []),
    ],
    exempt: { 'scripts/house-rules/planted-tidy.ts': 'plants such addresses' },
  },
];

/** `outbox-publisher.nats.test.ts`, `.gitignore`; and the names that tools and readers expect in capitals. */
function isKebabCase(name: string): boolean {
  return /^\.?[a-z0-9]+([-.][a-z0-9]+)*$/.test(name) || /^([A-Z]+(\.md)?|(\w+\.)?Dockerfile(\.[a-z-]+)?)$/.test(name);
}

function matches(pattern: RegExp, reason: string): (file: TextFile) => readonly Problem[] {
  return ({ text }) =>
    [...text.matchAll(pattern)].map((match) => ({
      line: text.slice(0, match.index).split('\n').length,
      what: `${match[0]}: ${reason}`,
    }));
}
