import { parentPort, workerData } from 'node:worker_threads';
import { integrityFindings } from './database-check.ts';

/** Entry of the thread that checks a database: a check reads the whole file, and tills must not wait for it. */
parentPort?.postMessage(integrityFindings(String(workerData)));
