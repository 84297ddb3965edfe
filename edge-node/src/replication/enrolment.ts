import { type EnrolRequest, enrolReply } from '@edgestock/shared/protocol/control';
import { enrolSubject } from '@edgestock/shared/protocol/subjects';
import { SCHEMA_MAX, SCHEMA_MIN } from '@edgestock/shared/protocol/version';
import { replicationLimits as limits } from './limits.ts';
import { type Link, LinkError } from './link.ts';
import type { ReplicationLog } from './replication-log.ts';

export type EnrolmentOutcome =
  /** Central knows this log and its epoch, and stands there in it; a central of an older release says so in its first reply only. */
  | { readonly outcome: 'enrolled'; readonly cursor: { readonly applied: number; readonly hash: string } | undefined }
  /** A person has to decide; the node goes on alone. */
  | { readonly outcome: 'refused'; readonly reason: string; readonly hint: string }
  | { readonly outcome: 'no-answer'; readonly reason: string };

/**
 * Asks central once to know this node, as every session begins: asking again gives the same answer, and a central that has
 * lost its data learns of the node. A log that was started before the first contact gets its epoch here, nothing renumbered.
 */
export async function enrol(log: ReplicationLog, link: Link): Promise<EnrolmentOutcome> {
  const { warehouse, epoch, instance } = log.identity();
  const head = log.head();
  const request: EnrolRequest = {
    warehouse,
    instance,
    place: { epoch, sequence: head.sequence, hash: Buffer.from(head.hash).toString('hex') },
    schema: [SCHEMA_MIN, SCHEMA_MAX],
  };
  let answer: unknown;
  try {
    answer = await link.request(enrolSubject(warehouse), request, limits.enrolTimeoutMs);
  } catch (error) {
    if (!(error instanceof LinkError)) throw error;
    return { outcome: 'no-answer', reason: `${error.message}: ${error.hint}` };
  }
  const parsed = enrolReply.safeParse(answer);
  if (!parsed.success)
    return { outcome: 'no-answer', reason: `central's answer cannot be read: ${parsed.error.message}` };
  const reply = parsed.data;
  if (reply.outcome === 'refused') return { outcome: 'refused', reason: reply.reason, hint: reply.hint };
  if (epoch === 0) log.adoptEpoch(reply.epoch);
  else if (epoch !== reply.epoch) {
    return {
      outcome: 'refused',
      reason: `central expects epoch ${reply.epoch}, this node's log is of epoch ${epoch}`,
      hint: 'the data directory is of another life of this warehouse: run the one whose log central knows; sales are kept here',
    };
  }
  return { outcome: 'enrolled', cursor: reply.cursor };
}
