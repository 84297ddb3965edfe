import { requestJson } from '../../api/json-request.ts';

const REMEDIES = {
  subjectsPurged: 'purged',
  consumersRemade: 'consumers made anew',
  streamsRemade: 'streams made anew',
};

/** What central did by itself about a broker that did not deliver, in a few words; empty when there was nothing to do. */
export async function healedBy(centralUrl: string): Promise<string> {
  const { body } = await requestJson(`${centralUrl}/v1/status`);
  const { ingest } = body as { readonly ingest: { readonly counters: Readonly<Record<string, number>> } };
  const done = Object.entries(REMEDIES).flatMap(([counter, words]) => {
    const times = ingest.counters[counter] ?? 0;
    return times === 0 ? [] : [`${times} ${words}`];
  });
  return done.length === 0 ? '' : `, healed by central (${done.join(', ')})`;
}
