// `npm run demo [-- transport] [options]`: installs and builds just what the flights example needs on that transport,
// then runs it. `npm run demo -- monitoring [transport]` does so with a service that is watched, `-- orders [transport]`
// with one that has an outbox, `-- tracing` shows one trace over two services, `-- console` the page for operators.
import './node-version.mjs';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureKafkaClient } from './kafka-client.mjs';
import { findPnpm, root } from './pnpm.mjs';
import { run } from './run.mjs';
import { commandStep, say, step } from './step.mjs';

/** The program for each transport: one broker's client is not installed for another. */
const examples = {
  memory: 'examples/flights',
  nats: 'examples/flights-nats',
  kafka: 'examples/flights-kafka',
};
/** With `--config`: on the transport that the file names, so it brings all of them. */
const configured = 'examples/flights-config';
/** Programs by their name, with all transports. */
const services = {
  console: 'examples/console',
  monitoring: 'examples/monitoring',
  orders: 'examples/orders',
  tracing: 'examples/tracing',
};

/** The example and the packages of this workspace that it needs, each after those that it needs itself. */
function foldersOf(folder) {
  const { dependencies, peerDependencies } = manifestOf(folder);
  const needed = Object.entries({ ...dependencies, ...peerDependencies })
    .filter(([, range]) => range.startsWith('workspace:'))
    .flatMap(([name]) => foldersOf(folderOf(name)));
  return [...new Set([...needed, folder])];
}

const manifestOf = (folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));

const folderOf = (name) =>
  ['packages', 'tooling', 'examples']
    .flatMap((parent) => readdirSync(join(root, parent)).map((folder) => `${parent}/${folder}`))
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .find((folder) => manifestOf(folder).name === name);

/** The program for the transport that the arguments begin with, and the other arguments. */
function choose(args) {
  const [first = '--'] = args;
  if (args.some((arg) => /^--config(=|$)/.test(arg))) return { example: configured, rest: args };
  if (Object.hasOwn(services, first)) return { example: services[first], rest: args.slice(1) };
  if (first.startsWith('-')) return { example: examples.memory, rest: args };
  const example = Object.hasOwn(examples, first) ? examples[first] : undefined;
  return { example, rest: args.slice(1), first };
}

/** Only a look at the file: should it be wrong, creating the bus says what is missing. */
function needsKafkaClient(example, args) {
  if (Object.values(services).includes(example)) return args[0] === 'kafka';
  if (example !== configured) return example === examples.kafka;
  const at = args.findIndex((arg) => /^--config(=|$)/.test(arg));
  const file = args[at].includes('=') ? args[at].slice('--config='.length) : (args[at + 1] ?? '');
  if (!existsSync(file)) return false;
  const [, type = ''] = /^[\s{]*["']?type["']?\s*:(.*)/m.exec(readFileSync(file, 'utf8')) ?? [];
  const [, variable = ''] = /\$\{(\w+)/.exec(type) ?? [];
  return (process.env[variable] ?? type).includes('kafka');
}

async function main() {
  const { example, rest, first } = choose(process.argv.slice(2));
  if (example === undefined) {
    console.error(
      `unknown demo '${first}'; use one of: ${Object.keys({ ...examples, ...services }).join(', ')}`,
    );
    return 2;
  }

  let env = {};
  const pnpm = await step('Looking for pnpm', async () => {
    const found = await findPnpm();
    if ('problem' in found) return { code: 1, output: found.problem };
    env = found.env;
    return { code: 0, output: '' };
  });
  if (!pnpm.ok) return 1;

  const folders = foldersOf(example);
  // Without development dependencies: the test tools are not needed here. Where everything is
  // installed already it is kept so, because the smaller installation would remove the rest.
  const filters = [...folders, 'tooling/tsup'].flatMap((folder) => ['--filter', `./${folder}`]);
  const scope = existsSync(join(root, 'node_modules/vitest')) ? [] : [...filters, '--prod'];
  const install = [...scope, 'install', '--frozen-lockfile', '--config.confirmModulesPurge=false'];
  const installed = await commandStep('Installing what the demo needs', 'pnpm', install, { cwd: root, env });
  if (!installed.ok) return 1;

  if (needsKafkaClient(example, rest)) {
    const client = await step("Making Kafka's native client ready", () => ensureKafkaClient(say));
    if (!client.ok) return 1;
  }

  const build = [join(root, 'tooling/tsup/build.mjs'), '--no-types'];
  for (const folder of folders.filter((folder) => manifestOf(folder).scripts?.build !== undefined)) {
    const cwd = join(root, folder);
    const built = await commandStep(`Building ${folder}`, process.execPath, build, { cwd, env });
    if (!built.ok) return 1;
  }

  console.log();
  const program = join(root, example, 'dist/main.js');
  const { code } = await run(process.execPath, [program, ...rest], {
    env,
    foreground: true,
  });
  return code;
}

process.exitCode = await main();
