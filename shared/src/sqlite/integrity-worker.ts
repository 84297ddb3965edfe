import { parentPort, workerData } from 'node:worker_threads';
import { type CheckOrder, findingsOf } from './database-check.ts';

/** Entry of the thread that checks a database: a check reads the whole file, and tills must not wait for it. */
parentPort?.postMessage(findingsOf(workerData as CheckOrder));
