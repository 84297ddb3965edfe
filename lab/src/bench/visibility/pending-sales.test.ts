import { describe, expect, it } from 'vitest';
import { PendingSales } from './pending-sales.ts';

const position = 'BER1 a';

describe('pending sales', () => {
  it('take as long as central shows an earlier state', () => {
    const sales = new PendingSales();
    sales.answered({ position, sequence: 7 }, 100);
    sales.seen({ position, sequence: 6 }, 105);
    expect(sales.latenciesMs).toEqual([]);
    sales.seen({ position, sequence: 7 }, 112);
    expect(sales.latenciesMs).toEqual([12]);
    expect(sales.count).toBe(0);
  });

  it('are all visible in the later state that covers them', () => {
    const sales = new PendingSales();
    sales.answered({ position, sequence: 7 }, 100);
    sales.answered({ position, sequence: 8 }, 101);
    sales.answered({ position, sequence: 11 }, 102);
    sales.seen({ position, sequence: 9 }, 110);
    expect(sales.latenciesMs).toEqual([10, 9]);
    expect(sales.count).toBe(1);
  });

  it('took no time when central was faster than the answer', () => {
    const sales = new PendingSales();
    sales.seen({ position, sequence: 8 }, 99);
    sales.answered({ position, sequence: 8 }, 100);
    expect(sales.latenciesMs).toEqual([0]);
  });

  it('wait for their own position', () => {
    const sales = new PendingSales();
    sales.answered({ position, sequence: 7 }, 100);
    sales.seen({ position: 'HAM1 a', sequence: 9 }, 101);
    expect(sales.count).toBe(1);
  });
});
