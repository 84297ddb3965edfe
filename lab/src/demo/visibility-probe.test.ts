import { describe, expect, test } from 'vitest';
import type { Availability } from '../api/central-api.ts';
import { VisibilityProbe } from './visibility-probe.ts';

const sale = { warehouse: 'W1', sku: 'tea', sequence: 5 };

/** A central that reaches the next of these sequences of W1 at each look. */
function probeOf(sequences: number[], isConnected: () => boolean = () => true) {
  const samples: (readonly [number, boolean])[] = [];
  let looks = 0;
  const availability = async (): Promise<Availability> => {
    looks += 1;
    const sequence = (sequences.length > 1 ? sequences.shift() : sequences[0]) ?? 0;
    return {
      available: 1,
      warehouses: [
        { warehouse: 'W0', onHand: 1, sequence: 99 },
        { warehouse: 'W1', onHand: 1, sequence },
      ],
    };
  };
  const probe = new VisibilityProbe(
    { availability },
    { isConnected, pauseMs: 0, onSample: (elapsedMs, isVisible) => samples.push([elapsedMs, isVisible]) },
  );
  return { probe, samples, looks: () => looks };
}

describe('the visibility of a sale', () => {
  test('is there when its own warehouse has reached its sequence, not before', async () => {
    const { probe, samples, looks } = probeOf([0, 4, 5]);
    probe.offer(sale);
    await probe.settled();
    expect(looks()).toBe(3);
    expect(samples).toEqual([[expect.any(Number), true]]);
  });

  test('is followed for one sale at a time', async () => {
    const { probe, samples } = probeOf([0, 0, 9]);
    for (let times = 0; times < 5; times += 1) probe.offer(sale);
    await probe.settled();
    expect(samples).toHaveLength(1);
  });

  test('is not waited for once nobody wants to know any more', async () => {
    const { probe, samples, looks } = probeOf([0]);
    probe.offer(sale);
    await probe.stop();
    expect(looks()).toBe(1);
    probe.offer(sale);
    expect(looks()).toBe(1);
    expect(samples).toEqual([]);
  });

  test('is no sample when the link is cut, before or meanwhile', async () => {
    let isConnected = false;
    const { probe, samples, looks } = probeOf([0, 0, 0, 5], () => isConnected);
    probe.offer(sale);
    expect(looks()).toBe(0);
    isConnected = true;
    probe.offer(sale);
    isConnected = false;
    await probe.settled();
    expect(samples).toEqual([]);
  });
});
