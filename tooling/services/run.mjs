// `pnpm services up|down|status [service ...] [--nodes 3] [--version 2.9]`: services that stay up until they are taken
// down, for trying things out, and for running tests and benchmarks against.
import { parseArgs } from 'node:util';
import { callControl, controlKeys } from './keeper/control.mjs';
import { serviceNames, serviceOf } from './services.mjs';
import { startKept } from './start-service.mjs';

const usage = `pnpm services up [service ...] [--nodes 3] [--version 2.9]   start services, and leave them running
pnpm services down [service ...]                             end them and remove their data
pnpm services status                                         what is up

Services: ${serviceNames.join(', ')} (all of them where none is named). --version: nats only.`;

/** Several versions of one service may be up side by side. */
const keyOf = (name, { version }) => (version === undefined ? name : `${name}-${version}`);

async function up(names, options) {
  for (const name of names) {
    const key = keyOf(name, options);
    const running = await callControl(key, 'describe');
    if (running !== undefined) {
      const { length } = running.addresses;
      if (length !== (options.nodes ?? length)) {
        throw new Error(`${key} is up with ${length} node(s): pnpm services down ${key}`);
      }
      console.log(`${key} is up already`);
    }
    const described = running ?? (await start(name, key, options));
    console.log(line(key, described));
    const variable = serviceOf(name).addressVariable(options);
    if (variable !== undefined) console.log(`  export ${variable}=${described.addresses.join(',')}`);
  }
}

async function start(name, key, options) {
  const { keeper, described } = await startKept(name, options, console.log);
  await keeper.call('persist', key);
  return described;
}

async function down(names) {
  const keys = controlKeys().filter(
    (key) => names.length === 0 || names.some((name) => key === name || key.startsWith(`${name}-`)),
  );
  for (const key of keys) {
    const known = await callControl(key, 'close');
    console.log(known === undefined ? `${key} was gone already` : `${key} is down`);
  }
  if (keys.length === 0) console.log('nothing is up');
}

async function status() {
  const found = await Promise.all(
    controlKeys().map(async (key) => [key, await callControl(key, 'describe')]),
  );
  const lines = found.filter(([, described]) => described !== undefined).map((entry) => line(...entry));
  console.log(lines.length === 0 ? 'nothing is up' : lines.join('\n'));
}

function line(key, { version, source, addresses, monitoring, pids, begun, folder }) {
  const age = Math.round((Date.now() - Date.parse(begun)) / 1000);
  const nodes = addresses.map((address, i) => {
    const monitor = monitoring[i] === undefined ? '' : `  monitoring ${monitoring[i]}`;
    return `  ${address}  pid ${pids[i] ?? '-'}${monitor}`;
  });
  return [`${key} ${version} (${source}), up for ${duration(age)}, data in ${folder}`, ...nodes].join('\n');
}

function duration(seconds) {
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

async function main() {
  // npm and pnpm hand on the `--` before the arguments.
  const args = process.argv.slice(2).filter((arg) => arg !== '--');
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      nodes: { type: 'string' },
      version: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [command, ...names] = positionals;
  if (values.help || command === undefined) {
    console.log(usage);
    return;
  }
  const nodes = values.nodes === undefined ? undefined : Number(values.nodes);
  if (nodes !== undefined && !(Number.isInteger(nodes) && nodes > 0)) {
    throw new Error(`--nodes is a whole number from 1, not ${values.nodes}`);
  }
  if (command === 'up') {
    for (const name of names) serviceOf(name);
    await up(names.length === 0 ? serviceNames : names, { nodes, version: values.version });
  } else if (command === 'down') await down(names);
  else if (command === 'status') await status();
  else throw new Error(`there is no command ${JSON.stringify(command)}\n\n${usage}`);
}

try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
