// The other end of the keeper: what the program that wants a service talks to.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('keeper.mjs', import.meta.url));

/** Starts a keeper. It and what it started end with this process, or with `call('close')`. */
export function startKeeper() {
  const env = { ...process.env };
  // Loaders and coverage of the program that starts it are none of its business.
  delete env.NODE_OPTIONS;
  delete env.NODE_V8_COVERAGE;
  const child = spawn(process.execPath, [program], {
    detached: true,
    windowsHide: true,
    env,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const calls = new Map();
  let last = 0;
  let gone;

  const settle = (id, { result, error }) => {
    const call = calls.get(id);
    calls.delete(id);
    if (calls.size === 0) rest();
    if (error !== undefined) call?.reject(new Error(error));
    else call?.resolve(result);
  };
  /** A service nobody is waiting for does not keep its program running. */
  const rest = () => {
    child.unref();
    child.channel?.unref();
  };
  const fail = (message) => {
    gone ??= message;
    for (const id of [...calls.keys()]) settle(id, { error: gone });
  };
  child.on('message', ({ id, ...outcome }) => (id === undefined ? fail(outcome.error) : settle(id, outcome)));
  child.on('error', (error) => fail(`the keeper could not be started: ${error.message}`));
  child.on('exit', () => fail('the service is closed'));
  rest();

  return {
    pid: child.pid,
    /** Asks the keeper for something. Rejects with what it says, or because it is gone. */
    call(method, ...args) {
      return new Promise((resolve, reject) => {
        if (gone !== undefined) {
          reject(new Error(gone));
          return;
        }
        last += 1;
        calls.set(last, { resolve, reject });
        child.ref();
        child.channel?.ref();
        child.send({ id: last, method, args }, (error) => {
          if (error) fail('the service is closed');
        });
      });
    },
  };
}
