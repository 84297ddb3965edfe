import { must } from '@edgestock/shared/runtime/assert';
import type { EpochTable } from '../../tables/epoch-table.ts';
import { firstRow, type Session } from '../session.ts';

export class PostgresEpochTable implements EpochTable {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async current(): Promise<number> {
    const row = await firstRow<{ epoch: number }>(
      this.#session,
      'SELECT central_epoch AS epoch FROM meta WHERE id = 1',
    );
    return must(row, 'the row is made with the store').epoch;
  }

  async begin(epoch: number, now: number, reason: string): Promise<void> {
    // Every writer forgets what it keeps at hand.
    await this.#session.send(
      `UPDATE meta SET central_epoch = $1, epoch_began_at = $2, epoch_reason = $3, backed_up_at = NULL,
         life = left(replace(gen_random_uuid()::text, '-', ''), 16), structure = structure + 1
       WHERE id = 1`,
      [epoch, now, reason],
    );
  }

  async forgetDown(): Promise<void> {
    for (const text of FORGET) await this.#session.send(text);
  }
}

const NO_HASH = `decode(repeat('00', 32), 'hex')`;

const FORGET = [
  'DELETE FROM directive',
  'DELETE FROM directive_body',
  'DELETE FROM down_trim',
  'DELETE FROM down_mark',
  `UPDATE node SET down_sequence = 0, down_hash = ${NO_HASH}, down_carried_out = 0, down_covered = 0`,
  `UPDATE node_life SET down_sequence = 0, down_hash = ${NO_HASH}`,
];
