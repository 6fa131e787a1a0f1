/** A consumer on the broken transport that the environment names. */
import { runProcess } from '../process/run-process.js';
import { type Break, brokenTransport } from './broken-transport.js';

await runProcess(brokenTransport(process.env.EBUS_BREAK as Break));
