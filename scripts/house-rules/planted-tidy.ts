/** For each rule of the tidy test: files that break it, and files that come close without breaking it. */
interface Plants {
  readonly bad: readonly Planted[];
  readonly good: readonly Planted[];
}
type Planted = readonly [path: string, text: string];

export const plants: Readonly<Record<string, Plants>> = {
  'file length': {
    bad: [['shared/src/x.ts', 'x;\n'.repeat(501)]],
    good: [
      ['shared/src/x.ts', 'x;\n'.repeat(500)],
      ['docs/x.md', 'x\n'.repeat(501)],
    ],
  },
  'kebab-case names': {
    bad: [
      ['shared/src/stockLevel.ts', ''],
      ['shared/src/stock_level.ts', ''],
      ['shared/src/Ledger/x.ts', ''],
    ],
    good: [
      ['shared/src/stock-level.nats.test.ts', ''],
      ['docs/decisions/0001-a-b.md', ''],
      ['CHANGELOG.md', ''],
      ['.ci/run', ''],
      ['deploy/Dockerfile', ''],
    ],
  },
  'no leftovers': {
    bad: [
      ['shared/src/x.ts', '// TODO later'],
      ['docs/x.md', 'FIXME'],
      ['shared/src/x.ts', '/* XXX */'],
      ['.ci/run', '# HACK: around'],
    ],
    good: [['shared/src/x.ts', 'const todos = HACKNEYED;']],
  },
  'no machine paths': {
    bad: [
      ['docs/x.md', `see ${'/work'}/shared/data`],
      ['scripts/x.mjs', `'/tmp/w/x'`],
      ['deploy/x.service', 'ExecStart=/root/edgestock'],
      ['lab/x.ts', `'/home/ann/stock.db'`],
    ],
    good: [['docs/x.md', `/v1${'/work'}/shared, ../shared/data, /tmp/work, https://example.org/home/ann`]],
  },
  'no registry addresses': {
    bad: [
      ['pnpm-lock.yaml', 'tarball: https://example.org/x.tgz'],
      ['docs/x.md', `from https://${'registry'}.npmjs.org`],
      ['.ci/run', 'npm config set registry http://my-registry:4873/'],
    ],
    good: [['shared/src/x.ts', 'registry.metrics.size; // https://example.org/registry']],
  },
  'no cast to any': {
    bad: [['shared/src/x.ts', 'const x = y as any;']],
    good: [['shared/src/x.ts', `const x = 'as any' as unknown;`]],
  },
  'no focused tests': {
    bad: [
      ['shared/src/x.test.ts', `test.only('x', () => {});`],
      ['shared/src/x.test.ts', `describe.only.each([1])('x', () => {});`],
    ],
    good: [['shared/src/x.test.ts', `test('.only', () => { filter.only(); });`]],
  },
  'skipped tests say why': {
    bad: [
      ['shared/src/x.test.ts', `\ntest.skip('x', () => {});`],
      ['shared/src/x.test.ts', `it.todo('x');`],
    ],
    good: [
      ['shared/src/x.test.ts', `// the broker of this release has no such call\ntest.skip('x', () => {});`],
      ['shared/src/x.test.ts', `describe.skipIf(!hasData)('x', () => {}); rows.skip(1);`],
    ],
  },
  'no enums': {
    bad: [
      ['shared/src/x.ts', 'enum Kind { sale }'],
      ['shared/src/x.ts', 'export const enum Kind { sale }'],
    ],
    good: [['shared/src/x.ts', `const kind = z.enum(['sale']);`]],
  },
  'no parameter properties': {
    bad: [['shared/src/x.ts', 'class X { constructor(private readonly x: number) {} }']],
    good: [['shared/src/x.ts', 'class X { readonly #x: number; constructor(x: number) { this.#x = x; } }']],
  },
  'no default exports': {
    bad: [
      ['shared/src/x.ts', 'export default 1;'],
      ['lab/src/demo/x.ts', 'export default function x() {}'],
    ],
    good: [
      ['vitest.config.ts', 'export default 1;'],
      ['shared/src/x.ts', 'export const x = 1;'],
    ],
  },
  'columns are listed': {
    bad: [
      ['edge-node/src/store/x.ts', `db.prepare('SELECT * FROM position');`],
      ['edge-node/src/store/x.ts', 'const q = sql`select distinct p.*, 1 from position p`;'],
      ['edge-node/src/store/x.ts', 'const q = `\n  SELECT\n    *\n  FROM position`;'],
    ],
    good: [['edge-node/src/store/x.ts', `db.prepare('SELECT count(*), 2 * on_hand FROM position'); // never SELECT *`]],
  },
  'no empty catch': {
    bad: [
      ['shared/src/x.ts', 'try { x(); } catch {}'],
      ['shared/src/x.ts', 'try { x(); } catch (error) { /* never mind */ }'],
      ['shared/src/x.ts', 'send().catch(() => {});'],
    ],
    good: [['shared/src/x.ts', 'try { x(); } catch { give(up); } send().catch(report); link.catch(1);']],
  },
  'no relative imports across packages': {
    bad: [
      ['lab/src/demo/x.ts', `import { start } from '../../../central/src/central.ts';`],
      ['scripts/x.ts', `import { demo } from '../lab/src/demo/demo.ts';`],
    ],
    good: [
      ['lab/src/demo/x.ts', `import { y } from '../e2e/y.ts'; import { start } from '@edgestock/central/central';`],
      ['lab/src/demo/x.ts', `export * from './y.ts';`],
    ],
  },
  'directories are made step by step': {
    bad: [
      ['central/src/x.ts', 'mkdirSync(directory, { recursive: true });'],
      ['shared/src/sqlite/x.ts', 'await fs.mkdir(directory, { mode: 0o700, recursive: isDeep });'],
    ],
    good: [
      ['central/src/x.ts', 'mkdirSync(directory); rmSync(directory, { recursive: true });'],
      ['central/src/x.test.ts', 'mkdirSync(directory, { recursive: true });'],
    ],
  },
  'products log, commands print': {
    bad: [['edge-node/src/ledger/x.ts', `console.log('sold');`]],
    good: [
      ['edge-node/src/command/status.ts', `console.log('ready');`],
      ['lab/src/demo/x.ts', `console.log('ready');`],
      ['edge-node/src/ledger/x.test.ts', `console.log('ready');`],
    ],
  },
};
