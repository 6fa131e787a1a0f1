// `pnpm faults [-- options]`: breaks real clusters under load, and judges what came of it. `--help` lists the options.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureKafkaClient } from '../bootstrap/kafka-client.mjs';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
// npm and pnpm hand on the `--` before the arguments.
const args = process.argv.slice(2).filter((arg) => arg !== '--');

if (args.includes('kafka') || args.includes('--adapter=kafka')) {
  const client = await ensureKafkaClient((line) => console.log(line));
  if (client.code !== 0) console.error(client.output);
}
const child = spawn(
  process.execPath,
  ['--import', import.meta.resolve('tsx'), here('src/main.ts'), ...args],
  { stdio: 'inherit', env: { ...process.env, TSX_TSCONFIG_PATH: here('../../tsconfig.json') } },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('close', (code) => {
  process.exitCode = code ?? 1;
});
