/** Where a job's thread begins. */
import { parentPort, workerData } from 'node:worker_threads';
import { work } from './work.ts';

if (parentPort !== null) await work(parentPort, workerData);
