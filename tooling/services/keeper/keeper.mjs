// The process that holds a service's servers, so that they never outlive the program that started them: it is their
// parent, and it ends them and removes their data folder when its channel to that program closes, for whatever reason
// (end, crash, SIGKILL). It runs in a process group of its own, where the terminal's Ctrl-C does not reach it.
import { serveControl } from './control.mjs';
import { runningService } from './running-service.mjs';

let service;
let persistent = false;

const methods = {
  async start(plan) {
    service = runningService(plan);
    await service.start();
    return service.describe();
  },
  /** From here on it lives on its own, until somebody calls `close` through the key. */
  async persist(key) {
    await serveControl(key, service);
    persistent = true;
  },
  async close() {
    await service?.close();
  },
};

function say(message) {
  // Where nobody listens any more, nobody needs to know.
  if (process.connected) process.send(message, () => {});
}

async function answer({ id, method, args }) {
  try {
    say({ id, result: await (methods[method] ?? service[method])(...args) });
  } catch (error) {
    say({ id, error: error.message });
  }
  if (method === 'close') process.exit();
}

async function end() {
  await methods.close();
  process.exit();
}

process.on('message', answer);
process.on('disconnect', () => persistent || end());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
process.on('uncaughtException', async (error) => {
  say({ error: `the keeper failed: ${error.stack}` });
  await end();
});
