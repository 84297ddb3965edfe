import { join } from 'node:path';
import { WrongCall } from '@edgestock/shared/command/wrong-call';
import { DatabaseDamaged, isDamage } from '@edgestock/shared/sqlite/database-check';
import { DataDirectoryInUse } from '@edgestock/shared/sqlite/process-lock';
import { defineCommand } from 'citty';
import { nextTurn } from '../import/next-turn.ts';
import { AuditRefused, LedgerAudit } from '../store/ledger-audit.ts';
import { warehouseOf } from '../store/warehouse-of.ts';
import { type Verification, verifyBooks } from '../verify/verify-books.ts';
import { nodesBelow } from './nodes-below.ts';

/** `edgestock verify`: proves the books of a node that is not running. */
export const command = defineCommand({
  meta: {
    name: 'verify',
    description: `Prove the books of a node: walk its hash chain, rebuild every balance and position from the movements, compare.
Reads only. The node must not be running.

  edgestock verify --data-dir /var/lib/edgestock/BER1
  edgestock verify --data-dir /var/lib/edgestock/BER1 --json

Exit code: 0 everything agrees, 1 something differs (each difference is printed with what it means; unfinished imports are warnings), 2 the call is wrong.`,
  },
  args: {
    'data-dir': { type: 'string', required: true, description: 'Directory of the node', valueHint: 'DIR' },
    json: { type: 'boolean', description: 'Print the result as one JSON object' },
  },
  async run({ args }) {
    const dataDir = args['data-dir'];
    try {
      await prove(dataDir, args.json === true);
    } catch (error) {
      throw isDamage(error) ? damaged(dataDir, error) : error;
    }
  },
});

async function prove(dataDir: string, isJson: boolean): Promise<void> {
  const audit = open(dataDir);
  try {
    const verification = await verifyBooks(audit, { onProgress: () => undefined, pause: nextTurn });
    const isSalvaged = audit.isSalvaged();
    if (isJson) console.log(JSON.stringify({ ...verification, ...(isSalvaged ? { isSalvaged } : {}) }));
    else console.log(isSalvaged && verification.differenceCount > 0 ? salvaged(verification) : summary(verification));
    if (verification.differenceCount > 0) process.exitCode = 1;
  } finally {
    audit.close();
  }
}

/** SQLite stumbled over the file: whose it is, if that can still be read, and the command that goes on from here. */
function damaged(dataDir: string, cause: Error): DatabaseDamaged {
  let warehouse: string | undefined;
  try {
    warehouse = warehouseOf(dataDir);
  } catch (error) {
    if (!isDamage(error)) throw error;
  }
  return new DatabaseDamaged(
    `the database ${join(dataDir, 'edge.sqlite')} of ${warehouse ?? 'a node'} is damaged: ${cause.message}`,
    {
      cause,
      remedy: `On a sound disk take what can be read into new books: edgestock edge salvage --data-dir ${dataDir} --warehouse ${warehouse ?? 'ID'}`,
    },
  );
}

function salvaged({ warehouse = 'unknown', differenceCount }: Verification): string {
  const told = `${differenceCount.toLocaleString('en')} differences`;
  return `The books of ${warehouse} are what could be salvaged of damaged ones. Let the node rejoin first: edgestock edge rejoin; then they can be proved. Until then what could not be read is missing: ${told}, which --json lists.`;
}

function open(dataDir: string): LedgerAudit {
  try {
    return LedgerAudit.open(dataDir);
  } catch (error) {
    if (error instanceof AuditRefused) throw withNodesBelow(error, dataDir);
    if (!(error instanceof DataDirectoryInUse)) throw error;
    const hint = 'Stop the node first; a copy of its directory made while it runs would not be whole either.';
    throw new WrongCall(`a node is running on ${dataDir}`, hint, { cause: error });
  }
}

/** `up` keeps its nodes below the directory that it was given, and that is the name its user remembers. */
function withNodesBelow(refusal: AuditRefused, dataDir: string): Error {
  const found = nodesBelow(dataDir);
  const first = found?.names[0];
  if (found === undefined || first === undefined) return refusal;
  const hint = `Nodes are in ${found.directory}: ${found.names.join(', ')}. Name one: --data-dir ${join(found.directory, first)}`;
  return new WrongCall(refusal.message, hint, { cause: refusal });
}

function summary(verification: Verification): string {
  const { warehouse = 'unknown', checkpointSequence, sequence, movements, skus } = verification;
  const { differences, differenceCount } = verification;
  const lines = differences.map(({ table, sku, sequence: at, message }) => {
    const where = [table, sku && JSON.stringify(sku), at !== undefined && `at ${at}`].filter(Boolean).join(' ');
    return `${where}: ${message}`;
  });
  const omitted = differenceCount - differences.length;
  if (omitted > 0) lines.push(`… and ${omitted.toLocaleString('en')} more`);
  lines.push(...verification.warnings.map(({ table, message }) => `Warning: ${table}: ${message}`));
  const walked = `${movements.toLocaleString('en')} movements (${checkpointSequence + 1} to ${sequence}) of ${skus.toLocaleString('en')} SKUs`;
  lines.push(
    differenceCount === 0
      ? `The books of ${warehouse} agree: ${walked}, chain unbroken, every balance and position rebuilt.`
      : `The books of ${warehouse} do NOT agree: ${differenceCount.toLocaleString('en')} differences in ${walked}.`,
  );
  return lines.join('\n');
}
