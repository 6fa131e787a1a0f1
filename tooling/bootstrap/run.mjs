// Runs child processes so that a user sees life, and so that none outlives us.
import { spawn } from 'node:child_process';

const windows = process.platform === 'win32';
const running = new Set();
let interrupted = false;

/** How long an interrupted child may take to stop what it started (brokers, for example) before it is killed. */
const graceMs = 15_000;

function signalChild({ child, ownGroup }, signal) {
  try {
    if (windows) spawn('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore' });
    else if (ownGroup) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    // It has ended meanwhile.
  }
}

function stopAll(signal) {
  const again = interrupted;
  interrupted = true;
  process.exitCode = signal === 'SIGINT' ? 130 : 143;
  if (running.size === 0) process.exit();
  for (const entry of running) {
    // A child in the terminal's own group has had Ctrl-C already.
    if (again) signalChild(entry, 'SIGKILL');
    else if (entry.ownGroup || signal !== 'SIGINT') signalChild(entry, signal);
  }
  setTimeout(() => {
    for (const entry of running) signalChild(entry, 'SIGKILL');
    process.exit();
  }, graceMs).unref();
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stopAll(signal));

export const wasInterrupted = () => interrupted;

/**
 * Runs a command and resolves with `{ code, output, seconds }`; never rejects.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string, show?: 'all' | 'none', foreground?: boolean }} [options]
 *   `show: 'all'` hands our output on, otherwise it is collected into `output`. `foreground` leaves the terminal
 *   (keyboard and Ctrl-C) to the command.
 */
export function run(command, args, options = {}) {
  const started = performance.now();
  const show = options.show === 'all' || options.foreground === true;
  const ownGroup = !windows && options.foreground !== true;
  return new Promise((resolve) => {
    const chunks = [];
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      detached: ownGroup,
      shell: windows,
      stdio: [
        options.foreground ? 'inherit' : 'ignore',
        show ? 'inherit' : 'pipe',
        show ? 'inherit' : 'pipe',
      ],
    });
    const entry = { child, ownGroup };
    running.add(entry);
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    const end = (code, note) => {
      running.delete(entry);
      const output = Buffer.concat(chunks).toString('utf8') + note;
      resolve({ code, output, seconds: (performance.now() - started) / 1000 });
    };
    child.on('error', (error) => end(127, `${command}: ${error.message}\n`));
    child.on('close', (code) => end(code ?? 1, ''));
  });
}
