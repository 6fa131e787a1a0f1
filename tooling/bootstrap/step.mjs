// One step of a longer job: says what it does, counts the seconds while it does it, shows the output if it failed.
import { run, wasInterrupted } from './run.mjs';

const live = process.stdout.isTTY === true && !process.env.CI;
const started = performance.now();
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** `[  12.3 s]`: the time since the job began. */
const clock = () => `[${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s]`;

export const say = (text) => console.log(`${clock()} ${text}`);

/** A line that grows older: rewritten each second on a terminal, repeated every ten seconds elsewhere. */
function heartbeat(title) {
  const begun = performance.now();
  if (!live) say(`${title} ...`);
  const paint = () => process.stdout.write(`\r\u001b[2K${clock()} ${title} ... ${seconds(begun)}`);
  if (live) paint();
  const timer = setInterval(
    () => (live ? paint() : say(`${title} ... ${seconds(begun)}`)),
    live ? 1000 : 10_000,
  );
  return () => {
    clearInterval(timer);
    if (live) process.stdout.write('\r\u001b[2K');
  };
}

/**
 * Does some work under a title and resolves with its `{ ok, output }`.
 *
 * @param {string} title what is being done, as in 'Building'
 * @param {() => Promise<{ code: number, output: string }>} work
 */
export async function step(title, work) {
  const begun = performance.now();
  const stop = heartbeat(title);
  const { code, output } = await work();
  stop();
  if (wasInterrupted()) process.exit();
  say(`${code === 0 ? '✓' : '✗'} ${title} (${seconds(begun)})`);
  if (code !== 0) console.log(`\n${output.trimEnd()}\n`);
  return { ok: code === 0, output };
}

/** Like `step`, for one command. */
export const commandStep = (title, command, args, options) => step(title, () => run(command, args, options));

/** Like `step`, for a command whose own output is worth watching. */
export async function loudStep(title, command, args, options) {
  say(`${title} ...\n`);
  const { code, seconds: took } = await run(command, args, { ...options, show: 'all' });
  if (wasInterrupted()) process.exit();
  console.log();
  say(`${code === 0 ? '✓' : '✗'} ${title} (${took.toFixed(1)} s)`);
  return { ok: code === 0, code };
}
