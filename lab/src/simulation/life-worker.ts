import { parentPort } from 'node:worker_threads';
import { must } from '@edgestock/shared/runtime/assert';
import { type SimulationOptions, simulate } from './simulate.ts';

// A thread that lives one life after the other. What one leaves behind (its clock, its disks) is of no other.
const port = must(parentPort, 'started as a thread');
port.on('message', (life: SimulationOptions) => {
  void simulate(life).then((result) => {
    // Of a life that held nobody reads the story.
    port.postMessage(result.failure === undefined ? { ...result, trace: [] } : result);
  });
});
