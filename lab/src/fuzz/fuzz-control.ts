import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCentralStore } from '@edgestock/central/store/sqlite/open-central-store';
import type { BrokerParts } from '@edgestock/central/writer/writer-thread';
import { startWriterThread } from '@edgestock/central/writer/writer-thread';
import { judgeReply } from '@edgestock/edge-node/replication/judge-reply';
import { enrolReply, heartbeatReply, lastUnitsReply } from '@edgestock/shared/protocol/control';
import { must } from '@edgestock/shared/runtime/assert';
import { silentLog } from '@edgestock/shared/runtime/log';
import { seededRandom } from '@edgestock/shared/testing/seeded-random';
import { VirtualClock } from '@edgestock/shared/testing/virtual-clock';
import { Chance } from '../simulation/chance.ts';
import { hold, Violation } from '../simulation/violation.ts';
import { mutatedJson } from './mutate.ts';
import { controlSamples, warehouse } from './wire-samples.ts';

export type ControlFuzzResult = { readonly messages: number; readonly answered: number };

/**
 * Asks central odd questions, and reads odd answers as a node does. Central answers each in words it has, or not at all; the
 * warehouse it knows keeps its installation and its place.
 */
export async function fuzzControl(options: {
  readonly seed: number;
  readonly messages: number;
}): Promise<ControlFuzzResult> {
  const folder = mkdtempSync(join(tmpdir(), 'edgestock-fuzz-'));
  const store = openCentralStore(join(folder, 'central.db'));
  const random = seededRandom(options.seed);
  const clock = new VirtualClock();
  let failure: unknown;
  let parts: BrokerParts | undefined;
  const thread = await startWriterThread({
    ...{
      config: { natsUrls: [], store: { kind: 'sqlite', path: folder }, logLevel: 'silent' },
      store,
      clock,
      random,
      log: silentLog,
    },
    tell: () => undefined,
    onFailed: (error) => {
      failure = error;
    },
    startBroker: (wired) => {
      parts = wired;
      return { stop: async () => undefined };
    },
  });
  try {
    const wired = must(parts, 'central speaks with a broker');
    await wired.listener.enrol(warehouse, JSON.stringify(controlSamples.enrol));
    const before = await store.warehouse(warehouse);
    let answered = 0;
    for (let count = 0; count < options.messages; count += 1) {
      const told = (text: string) => `message ${count} of seed ${options.seed}: ${text}`;
      const { said, answer, reply } = await ask(wired, new Chance(random));
      answer.catch((error: unknown) => {
        failure = new Violation(told(`${said}: ${String(error)}`));
      });
      if (reply !== undefined) {
        answered += 1;
        hold(typeof JSON.parse(reply) === 'object', () => told(`${said} was answered with ${reply}`));
      }
      readAnswer(new Chance(random), told);
      // A heartbeat is held back until time goes on.
      if (count % 50 === 0) await clock.advance(1_000);
      if (failure !== undefined) throw failure;
    }
    const after = await store.warehouse(warehouse);
    const isSame = after?.instance === before?.instance && after?.epoch === before?.epoch && after?.appliedUpTo === 0;
    hold(isSame && after?.fence === undefined, () => `${warehouse} became ${JSON.stringify(after)}`);
    return { messages: options.messages, answered };
  } finally {
    await thread.stop();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What central was asked, and what it had to say at once; a heartbeat may wait for its answer. */
async function ask(
  { listener }: BrokerParts,
  chance: Chance,
): Promise<{ readonly said: string; readonly answer: Promise<unknown>; readonly reply: string | undefined }> {
  const question = chance.one(['enrol', 'heartbeat', 'lastUnits'] as const);
  const text = mutatedJson(controlSamples[question], chance);
  // A warehouse that nobody knows may enrol, which is no fault: only the known one is asked about here.
  const subject = question === 'enrol' || chance.happens(0.9) ? warehouse : chance.one(['HAM1', '..', 'x'.repeat(100)]);
  const answer = listener[question](subject, text);
  const turn = new Promise<undefined>((resolve) => setImmediate(() => resolve(undefined)));
  const reply = await Promise.race([answer.catch(() => undefined), turn]);
  return { said: `${question} of ${subject}: ${text}`, answer, reply };
}

function readAnswer(chance: Chance, told: (text: string) => string): void {
  const text = mutatedJson(controlSamples.reply, chance);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return;
  }
  for (const schema of [enrolReply, lastUnitsReply]) {
    const read = schema.safeParse(value);
    hold(read.success || read.error.issues.length > 0, () => told(text));
  }
  const reply = heartbeatReply.safeParse(value);
  if (!reply.success) return;
  const { judgement } = judgeReply(reply.data, node);
  const isSent = judgement !== 'rewind' || reply.data.applied <= node.committed;
  hold(isSent, () => told(`${text} makes the node send what it has not got`));
}

/** A node that has recorded five movements, of which central knew three. */
const node = {
  ...{ committed: 5, sent: 5, applied: 3, movedAt: 0, rewound: undefined, firstSequence: 1 },
  ...{ hashAtApplied: controlSamples.reply.hash, schema: 2, now: 10 },
};
