// One server as a child process: started, killed, stopped, started again.
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { findOnPath } from '../run-command.mjs';
import { waitUntilReady } from './wait-until-ready.mjs';

/** Linux ends a server by itself where even the keeper is killed. */
const setpriv = process.platform === 'linux' ? findOnPath('setpriv') : undefined;
const leashed = (command, args) =>
  setpriv === undefined ? [command, args] : [setpriv, ['--pdeathsig', 'KILL', '--', command, ...args]];

/** Whether all threads of a process have stopped, which they do a little after the signal. */
function isFrozen(pid) {
  if (process.platform !== 'linux') return true;
  try {
    const tasks = `/proc/${pid}/task`;
    return readdirSync(tasks).every((id) => /\) T /.test(readFileSync(`${tasks}/${id}/stat`, 'utf8')));
  } catch {
    // A thread ended meanwhile: look again.
    return false;
  }
}

/** A process and those that it started: PostgreSQL has one for each connection. */
function familyOf(pid) {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const pairs = (stdout ?? '').split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  const family = [pid];
  for (const parent of family) {
    for (const [child, of] of pairs) if (of === parent && child !== parent) family.push(child);
  }
  return family;
}

function tell(pids, signal) {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

const LOG_LIMIT = 64 * 1024;

/** How long a server may take to end when asked to. */
const STOP_MS = 20_000;

/**
 * @param {import('./running-service.mjs').Server} server
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
    child = spawn(...leashed(server.command, server.args), {
      cwd: server.cwd,
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
  }

  async function signal(name) {
    child?.kill(name);
    if (child !== undefined) await ended;
  }

  return {
    address: server.address,
    monitoring: server.monitoring,
    isRunning: () => child !== undefined,
    pid: () => child?.pid,
    log: () => log,

    /** Starts it and resolves once it is ready. */
    async start() {
      if (child !== undefined) throw new Error(`${server.address} is running already`);
      log = '';
      launch();
      let end;
      ended.then((text) => {
        end = text;
      });
      await waitUntilReady({
        name: server.command,
        isReady: () => server.isReady(mostAreRunning()),
        end: async () => end,
        log: () => log,
      });
    },

    /** Ends it at once, as a crash does. */
    kill() {
      if (child?.pid !== undefined) tell(familyOf(child.pid), 'SIGKILL');
      return signal('SIGKILL');
    },

    /** Asks it to end; kills it where it does not. */
    async stop() {
      const own = child;
      const timer = setTimeout(() => own?.kill('SIGKILL'), STOP_MS);
      // One that is frozen would not hear it.
      if (own?.pid !== undefined) tell(familyOf(own.pid), 'SIGCONT');
      await signal(server.stopSignal);
      clearTimeout(timer);
    },

    /** Freezes it: it keeps its connections and answers nothing. */
    async pause() {
      const { pid } = child ?? {};
      if (pid === undefined) return;
      // It starts no more of them once it stands.
      tell([pid], 'SIGSTOP');
      tell(familyOf(pid), 'SIGSTOP');
      while (child?.pid === pid && !isFrozen(pid)) await sleep(1);
    },
    resume() {
      if (child?.pid !== undefined) tell(familyOf(child.pid), 'SIGCONT');
    },
  };
}
