// `pnpm bench [-- arguments]`: builds what is measured, then measures it. `--help` lists the arguments.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureKafkaClient } from '../bootstrap/kafka-client.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const packages = ['core', 'memory', 'nats', 'kafka', 'prometheus', 'outbox'];
const folders = [...packages.map((name) => `packages/${name}`), 'tooling/bench'];

/** Runs Node in the foreground and ends with its exit code where that is not 0. */
function node(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const client = await ensureKafkaClient((line) => console.log(line));
if (client.code !== 0) console.error(client.output);
console.log(`Building ${folders.join(', ')} ...`);
node(here('../tsup/build.mjs'), '--no-types', ...folders);
// npm and pnpm hand on the `--` before the arguments.
const args = process.argv.slice(2).filter((arg) => arg !== '--');
node('--expose-gc', here('dist/main.js'), ...args);
