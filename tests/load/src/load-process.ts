// Sends what load.ts hands it; a process of its own, so that the load takes its time from nobody it measures.
import { once } from 'node:events';
import type { Requests } from './load.ts';
import { sendAll } from './send.ts';

const [{ texts, count, ...options }] = (await once(process, 'message')) as [Requests];
const buffers = texts.map((text) => Buffer.from(text));
const requests = Array.from({ length: count }, (_, at) => buffers[at % buffers.length] as Buffer);
process.send?.(await sendAll(requests, options));
await once(process, 'disconnect');
