import type { DirectiveConsumer } from './directive-consumer.ts';
import { replicationLimits as limits } from './limits.ts';
import type { PublishFailing } from './outbox-publisher.ts';
import type { Progress } from './progress.ts';
import type { SnapshotProgress } from './snapshot-sender.ts';

/** Where the session stands, and what an operator must know about it. */
export type Phase =
  /** Central has not been heard in this session. */
  | { readonly phase: 'silent'; readonly hint?: string }
  | { readonly phase: 'refused'; readonly reason: string; readonly hint: string }
  | { readonly phase: 'catching-up' }
  /** Central lacks what was trimmed of the log, and is sent a snapshot first. */
  | { readonly phase: 'sending-snapshot'; readonly reason: string }
  | { readonly phase: 'live' }
  | {
      readonly phase: 'fenced';
      /** Whose judgement it is: of its own a node has to tell central. */
      readonly by: 'central' | 'node';
      readonly reason: string;
      readonly hint: string;
    };

/** Replication as the status route and the metrics tell it. */
export type ReplicationStatus = {
  readonly link: 'connected' | 'disconnected';
  /** `stalled`: central answers, and has taken nothing for long of what was sent, however often. */
  readonly state: 'enrolling' | 'refused' | 'live' | 'catching-up' | 'sending-snapshot' | 'stalled' | 'fenced';
  /** Last sequence handed to the broker, last one it acknowledged without a gap, last one central has applied. */
  readonly sent: number;
  readonly brokerAcked: number;
  readonly applied: number;
  /** Deltas that central does not have yet. */
  readonly backlog: number;
  /** Wall time of central's last answer, milliseconds since 1970 UTC. */
  readonly lastContactAt: number | undefined;
  /** How far this node's wall clock is ahead of central's. */
  readonly skewMs: number | undefined;
  /** Last directive of central carried out; whether a later one came and the next one did not. */
  readonly down: { readonly sequence: number; readonly need: boolean };
  /** Why central does not let this node go on, or why it has stopped by itself; `hint` says it too, with what to do. */
  readonly reason?: string;
  readonly hint?: string;
  /** While the broker takes nothing although there is something to send: the last failure, and since when (wall time). */
  readonly publishFailing?: PublishFailing;
  /** While a snapshot is sent: how far it has got. */
  readonly snapshot?: SnapshotProgress;
  /** While stalled: for how long, in milliseconds. */
  readonly stalledMs?: number;
};

export function statusOf(facts: {
  readonly phase: Phase;
  readonly isConnected: boolean;
  readonly epoch: number;
  readonly progress: Progress;
  /** Monotonic milliseconds. */
  readonly now: number;
  readonly publishFailing: PublishFailing | undefined;
  readonly lastContactAt: number | undefined;
  readonly skewMs: number | undefined;
  /** Absent while none is sent. */
  readonly snapshot: SnapshotProgress | undefined;
  /** Absent where nothing of central can be carried out. */
  readonly directives: Pick<DirectiveConsumer, 'sequence' | 'isNeeding' | 'fence'> | undefined;
}): ReplicationStatus {
  const { phase, progress, isConnected, directives } = facts;
  const fence = directives?.fence;
  // Central's answers alone make nobody live: with nothing left to send, an old failure is none.
  const publishFailing = progress.backlog > 0 ? facts.publishFailing : undefined;
  // Nothing gets out at all, which says more: the broker refuses it.
  const stalledMs = publishFailing === undefined ? stalledFor(phase, progress.unmovedMs(facts.now)) : undefined;
  const hint =
    hintOf(phase, isConnected, facts.snapshot) ??
    (fence && `${fence.reason}; ${fence.hint}`) ??
    (publishFailing && hintOfFailing(publishFailing)) ??
    (stalledMs === undefined ? undefined : hintOfStalled(stalledMs));
  return {
    link: isConnected ? 'connected' : 'disconnected',
    state: stateOf(phase, {
      isEnrolled: facts.epoch > 0,
      isSending: publishFailing === undefined,
      isStalled: stalledMs !== undefined,
    }),
    sent: progress.sent,
    brokerAcked: progress.brokerAcked,
    applied: progress.applied,
    backlog: progress.backlog,
    lastContactAt: facts.lastContactAt,
    skewMs: facts.skewMs,
    down: { sequence: directives?.sequence ?? 0, need: directives?.isNeeding ?? false },
    ...(phase.phase === 'refused' || phase.phase === 'fenced' ? { reason: phase.reason } : {}),
    ...(hint === undefined ? {} : { hint }),
    ...(publishFailing === undefined ? {} : { publishFailing }),
    ...(phase.phase !== 'sending-snapshot' || facts.snapshot === undefined ? {} : { snapshot: facts.snapshot }),
    ...(stalledMs === undefined ? {} : { stalledMs }),
  };
}

function stateOf(
  { phase }: Phase,
  {
    isEnrolled,
    isSending,
    isStalled,
  }: { readonly isEnrolled: boolean; readonly isSending: boolean; readonly isStalled: boolean },
): ReplicationStatus['state'] {
  if (isStalled) return 'stalled';
  if (phase === 'silent') return isEnrolled ? 'catching-up' : 'enrolling';
  return phase === 'live' && !isSending ? 'catching-up' : phase;
}

/** `undefined` while central takes what is sent, or is not heard, which says more. */
function stalledFor({ phase }: Phase, unmovedMs: number): number | undefined {
  const isHeard = phase === 'live' || phase === 'catching-up';
  return isHeard && unmovedMs >= limits.stalledAfterMs ? unmovedMs : undefined;
}

function hintOfStalled(stalledMs: number): string {
  const seconds = Math.floor(stalledMs / 1_000);
  return (
    `central answers, and has taken nothing of what was sent for ${seconds} s, though the broker took it. It is sent again, and ` +
    'central puts a broker right that delivers nothing; if this goes on for minutes, look at the log of central and at the broker'
  );
}

function hintOfFailing({ reason, hint }: PublishFailing): string {
  return `nothing gets through to the broker: ${reason}${hint === undefined ? '' : `; ${hint}`}`;
}

function hintOf(phase: Phase, isConnected: boolean, snapshot: SnapshotProgress | undefined): string | undefined {
  if (phase.phase === 'refused' || phase.phase === 'fenced') return `${phase.reason}; ${phase.hint}`;
  if (!isConnected) return 'the broker cannot be reached; sales go on here and follow when the link is back';
  if (phase.phase === 'sending-snapshot') return `${phase.reason}: sending a snapshot${told(snapshot)}; sales go on`;
  return phase.phase === 'silent' ? (phase.hint ?? 'waiting for central to answer') : undefined;
}

function told(snapshot: SnapshotProgress | undefined): string {
  if (snapshot === undefined || snapshot.chunks === 0) return '';
  const { chunks, staged, taken } = snapshot;
  return staged < chunks
    ? `, ${staged} of ${chunks} chunks are there`
    : `, ${taken} of ${chunks} chunks are taken over`;
}
