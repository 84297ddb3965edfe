import { defineCommand } from 'citty';
import { afterEach, describe, expect, test } from 'vitest';
import type { Subcommand } from './commands.ts';
import { dispatch } from './dispatch.ts';

const ran: unknown[] = [];
const answers: string[] = [];
const complaints: string[] = [];
let loaded: string[] = [];

const send = defineCommand({
  meta: { name: 'send', description: 'Send a file' },
  args: {
    file: { type: 'positional', required: true },
    nodes: { type: 'string', required: true },
    json: { type: 'boolean', default: true },
    mode: { type: 'enum', options: ['fast', 'safe'], alias: 'm' },
  },
  run: ({ args }) => {
    ran.push({ file: args.file, nodes: args.nodes, json: args.json, mode: args.mode });
    if (args.file === 'broken.csv')
      throw Object.assign(new Error('breaks off'), { name: 'Unreadable', hint: 'Send it again.' });
    if (args.file === 'torn.csv') {
      const cause = new Error('line 3 has no end', { cause: new Error('the disk is full') });
      throw Object.assign(new Error(`breaks off: ${cause.message}`, { cause }), { name: 'Unreadable', hint: '' });
    }
    if (args.file === 'wrong.csv') process.exitCode = 1;
  },
});

const subcommands: readonly Subcommand[] = [
  subcommand('send', { command: send }),
  {
    ...subcommand('import', {
      command: defineCommand({ meta: { name: 'import' }, subCommands: { catalogue: send, stock: send } }),
    }),
    examples: [['edgestock import stock x.csv', 'an example']],
  },
];

function subcommand(name: string, module: Awaited<ReturnType<Subcommand['load']>>): Subcommand {
  return {
    name,
    summary: `what ${name} does`,
    examples: [[`edgestock ${name} x`, 'an example']],
    load: async () => {
      loaded.push(name);
      return module;
    },
  };
}

function line(text: string): Promise<number> {
  const output = {
    answer: (said: string) => void answers.push(said),
    complain: (said: string) => void complaints.push(said),
  };
  return dispatch(text === '' ? [] : text.split(' '), { subcommands, release: '1.2.3', output });
}

afterEach(() => {
  process.exitCode = undefined;
  for (const list of [ran, answers, complaints]) list.length = 0;
  loaded = [];
});

describe('a command line', () => {
  test('runs the command it names and loads no other', async () => {
    expect(await line('send a.csv --nodes=x -m safe --no-json')).toBe(0);
    expect(ran).toEqual([{ file: 'a.csv', nodes: 'x', json: false, mode: 'safe' }]);
    expect(loaded).toEqual(['send']);
  });

  test('finds commands within commands', async () => {
    expect(await line('import stock a.csv --nodes x')).toBe(0);
    expect(ran).toHaveLength(1);
  });

  test.each([
    ['senf a.csv', 'Did you mean edgestock send?'],
    ['frobnicate', 'edgestock --help shows all.'],
    ['send a.csv --node x', 'Did you mean --nodes?'],
    ['send a.csv --nodes', '--nodes needs a value'],
    ['send a.csv --nodes --json', '--nodes needs a value'],
    ['send a.csv --nodes=', '--nodes needs a value'],
    ['send a.csv --nodes  --json', '--nodes needs a value'],
    ['send a.csv b.csv --nodes x', 'does not take "b.csv"'],
    ['send a.csv --nodes x --no-nodes', 'no flag --no-nodes'],
    ['send --nodes x', 'Missing required positional argument'],
    ['send a.csv', 'Missing required argument: --nodes'],
    ['send a.csv', 'For example: edgestock send x'],
    ['import stock a.csv', 'For example: edgestock import stock x.csv'],
    ['send a.csv --nodes x --mode slow', '--mode (slow). Expected one of: fast, safe'],
    ['import', 'One of: catalogue, stock'],
    ['import stok a.csv', 'Did you mean edgestock import stock?'],
  ])('that cannot be meant ends with 2 and a hint: %s', async (text, hint) => {
    expect(await line(text)).toBe(2);
    expect(complaints.join('\n')).toContain(hint);
    expect(ran).toEqual([]);
    expect(answers).toEqual([]);
  });

  test('that failed ends with 1, the reason and what to do', async () => {
    expect(await line('send broken.csv --nodes x')).toBe(1);
    expect(complaints).toEqual(['breaks off\nSend it again.']);
  });

  test('that failed says each reason once, also one that its sentence has said', async () => {
    await line('send torn.csv --nodes 3');
    expect(complaints.join('\n').trim()).toBe('breaks off: line 3 has no end\n  because: the disk is full');
  });

  test('whose command found something wrong keeps its exit code', async () => {
    expect(await line('send wrong.csv --nodes x')).toBe(1);
  });

  test('asking for help is answered with examples, and needs nothing else', async () => {
    for (const text of ['', '--help', 'help']) expect(await line(text)).toBe(0);
    expect(loaded).toEqual([]);
    expect(await line('send --help')).toBe(0);
    expect(await line('help send')).toBe(0);
    expect(answers.at(0)).toContain('what import does');
    for (const text of answers.slice(3)) expect(text).toContain('edgestock send x');
  });

  test('asking for help to a part of a command shows no example of another part', async () => {
    await line('import stock --help');
    await line('import catalogue --help');
    await line('import --help');
    expect(answers.map((text) => text.includes('edgestock import stock x.csv'))).toEqual([true, false, true]);
  });

  test('asking for the version gets it alone', async () => {
    expect(await line('--version')).toBe(0);
    expect(answers).toEqual(['1.2.3']);
  });
});
