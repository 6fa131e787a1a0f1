// Waiting for a server that was started: until it is ready, has ended, or takes too long.
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines } from '../run-command.mjs';

const POLL_MS = 15;
const START_MS = 60_000;

/** A server that ended or did not become ready, with the end of what it printed. */
export class ServerFailed extends Error {
  constructor(message, log) {
    super(`${message}\n${lastLines(log, 15)}`);
    /** Another has one of its ports: start again with others. */
    this.portTaken = /address already in use|port is already allocated/i.test(log);
    /** The same attempt may succeed in a moment: processes of the server that was killed are still ending. */
    this.mayPass = this.portTaken || /pre-existing shared memory block/i.test(log);
  }
}

/**
 * @param {object} o
 * @param {string} o.name
 * @param {() => Promise<boolean>} o.isReady
 * @param {() => Promise<string | undefined>} o.end how it ended, if it did
 * @param {() => string | Promise<string>} o.log what it printed
 */
export async function waitUntilReady({ name, isReady, end, log }) {
  const deadline = performance.now() + START_MS;
  while (!(await isReady())) {
    const reason = await end();
    if (reason !== undefined) {
      // Its last words may come after its end.
      await sleep(POLL_MS);
      throw new ServerFailed(`${name} did not start: ${reason}`, await log());
    }
    if (performance.now() > deadline) {
      throw new ServerFailed(`${name} was not ready within ${START_MS / 1000} s`, await log());
    }
    await sleep(POLL_MS);
  }
}
