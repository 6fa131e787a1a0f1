// One server as a child process: started, killed, stopped, started again.
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { findOnPath } from '../run-command.mjs';

/** Linux ends a server by itself where even the keeper is killed. */
const setpriv = process.platform === 'linux' ? findOnPath('setpriv') : undefined;
const leashed = (command, args) =>
  setpriv === undefined ? [command, args] : [setpriv, ['--pdeathsig', 'KILL', '--', command, ...args]];

const LOG_LIMIT = 64 * 1024;
const POLL_MS = 15;

/** How long a server may take to start, and to stop when asked to. */
const START_MS = 60_000;
const STOP_MS = 20_000;

/** A server that ended, or did not become ready, with the end of what it printed. */
export class ServerFailed extends Error {
  constructor(message, log) {
    super(`${message}\n${log.trimEnd().split('\n').slice(-15).join('\n')}`);
    /** Another process took one of its ports: start again with others. */
    this.portTaken = /address already in use/i.test(log);
  }
}

/**
 * @param {import('./keeper.mjs').Server} server
 * @param {() => boolean} mostAreRunning whether enough servers run for it to be one of a cluster
 */
export function serverProcess(server, mostAreRunning) {
  let child;
  let ended;
  let log = '';

  const note = (chunk) => {
    log = (log + chunk).slice(-LOG_LIMIT);
  };

  function launch() {
    const started = log.length;
    child = spawn(...leashed(server.command, server.args), {
      cwd: server.cwd,
      env: server.env ?? process.env,
      uid: server.uid,
      gid: server.gid,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', note);
    const own = child;
    ended = new Promise((resolve) => {
      const end = (text) => {
        if (child === own) child = undefined;
        resolve(text);
      };
      own.on('error', (error) => {
        note(`${error.message}\n`);
        if (own.pid === undefined) end(error.message);
      });
      own.on('exit', (code, signal) => end(`it ended with ${signal ?? `code ${code}`}`));
    });
    return () => log.slice(Math.min(started, log.length));
  }

  async function signal(name) {
    child?.kill(name);
    if (child !== undefined) await ended;
  }

  return {
    address: server.address,
    monitoring: server.monitoring,
    pid: () => child?.pid,
    log: () => log,

    /** Starts it and waits until it is ready. */
    async start() {
      if (child !== undefined) throw new Error(`${server.address} is running already`);
      const output = launch();
      const own = child;
      let reason;
      ended.then((text) => {
        reason = text;
      });
      const deadline = performance.now() + START_MS;
      while (!(await server.isReady(mostAreRunning()))) {
        // Its last words may come after its end.
        if (reason !== undefined) {
          await sleep(POLL_MS);
          throw new ServerFailed(`${server.command} did not start: ${reason}`, output());
        }
        if (performance.now() > deadline) {
          own.kill('SIGKILL');
          throw new ServerFailed(`${server.command} was not ready within ${START_MS / 1000} s`, output());
        }
        await sleep(POLL_MS);
      }
    },

    /** Ends it at once, as a crash does. */
    kill: () => signal('SIGKILL'),

    /** Asks it to end; kills it where it does not. */
    async stop() {
      const own = child;
      const timer = setTimeout(() => own?.kill('SIGKILL'), STOP_MS);
      await signal(server.stopSignal);
      clearTimeout(timer);
    },

    /** Freezes it: it keeps its connections and answers nothing. */
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
  };
}
