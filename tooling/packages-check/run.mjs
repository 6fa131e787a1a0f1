// Packs every package as it would be published, checks the archives, and tries them out in an empty project.
// Needs built packages and the npm registry. Prints what it finds; the exit code says whether all is well.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const checks = fileURLToPath(new URL('./checks/', import.meta.url));

/** Clients of brokers and databases: a package brings only those it lists here. */
const clients = [
  '@confluentinc/kafka-javascript',
  'kafkajs',
  '@platformatic/kafka',
  '@nats-io/',
  'pg',
  '@electric-sql/pglite',
  'prom-client',
];
const clientsOf = {
  kafka: ['@confluentinc/kafka-javascript', 'kafkajs', '@platformatic/kafka'],
  nats: ['@nats-io/'],
  prometheus: ['prom-client'],
};

/** Exported to be read, not to be imported. */
const isFile = (entry) => /\.(json|sql)$/.test(entry);

const packages = readdirSync(join(root, 'packages'))
  .filter((folder) => existsSync(join(root, 'packages', folder, 'package.json')))
  .map((folder) => ({ folder, manifest: readJson(join(root, 'packages', folder, 'package.json')) }))
  .filter(({ manifest }) => manifest.private !== true);

const work = mkdtempSync(join(tmpdir(), 'ebus-packages-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

let failures = 0;

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function report(ok, title, details = '') {
  if (!ok) failures += 1;
  console.log(`${ok ? '✓' : '✗'} ${title}`);
  if (!ok && details !== '') console.log(`${details.trimEnd()}\n`);
  return ok;
}

/** Runs a command and reports it under a title. */
function check(title, command, args, cwd) {
  const windows = process.platform === 'win32';
  const child = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    shell: windows && command !== process.execPath,
  });
  const details = `${child.stdout ?? ''}${child.stderr ?? ''}${child.error?.message ?? ''}`;
  return report(child.status === 0, title, details);
}

function pack({ folder, manifest }) {
  const cwd = join(root, 'packages', folder);
  const packed = check(`${manifest.name}: packs`, 'pnpm', ['pack', '--pack-destination', work], cwd);
  if (!packed) process.exit(1);
  const file = `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`;
  check(`${manifest.name}: publint`, 'publint', ['run', join(work, file), '--strict'], work);
  const files = Object.keys(manifest.exports).filter((entry) => isFile(entry) && !entry.endsWith('.json'));
  const without = files.length === 0 ? [] : ['--exclude-entrypoints', ...files];
  check(
    `${manifest.name}: attw`,
    'attw',
    [join(work, file), '--profile', 'esm-only', '--no-color', ...without],
    work,
  );
  return join(work, file);
}

/** An empty project with those archives installed, as a user of npm would have it. */
function project(name, archives, flags = []) {
  const folder = join(work, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "name": "empty", "private": true }\n');
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--loglevel=error'];
  const done = check(`${name}: installs`, 'npm', ['install', ...quiet, ...flags, ...archives], folder);
  if (!done) process.exit(1);
  return folder;
}

function installed(folder) {
  const lock = readJson(join(folder, 'package-lock.json'));
  return Object.keys(lock.packages)
    .filter((path) => path !== '')
    .map((path) => path.replace(/^.*node_modules\//, ''));
}

const archives = new Map(packages.map((entry) => [entry.folder, pack(entry)]));

// Everything together: each entry is imported and required, and the programs in checks/ run.
const all = project('everything', [...archives.values()]);
const entries = packages.flatMap(({ manifest }) =>
  Object.keys(manifest.exports)
    .filter((entry) => !isFile(entry))
    .map((entry) => manifest.name + entry.slice(1)),
);
for (const entry of entries) {
  const importIt = `import('${entry}').then((m) => { if (Object.keys(m).length === 0) throw new Error('empty'); })`;
  check(`import('${entry}')`, process.execPath, ['--input-type=module', '--eval', `await ${importIt};`], all);
  const requireIt = `if (Object.keys(require('${entry}')).length === 0) throw new Error('empty');`;
  const flags = ['--no-warnings', '--input-type=commonjs', '--eval'];
  check(`require('${entry}')`, process.execPath, [...flags, requireIt], all);
}
cpSync(checks, all, { recursive: true });
for (const file of readdirSync(checks).filter((name) => /\.[cm]js$/.test(name))) {
  check(`runs ${file}`, process.execPath, ['--no-warnings', file], all);
}
// The README's first program, as it says: pasted into shop.mjs.
const [, program = ''] =
  /```ts program\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
writeFileSync(join(all, 'shop.mjs'), program);
check('runs the first program of the README', process.execPath, ['shop.mjs'], all);
const compilerOptions = {
  module: 'nodenext',
  target: 'es2022',
  lib: ['es2023', 'esnext.disposable'],
  // Core's types are Node's: AbortSignal, AsyncDisposable, the names of signals.
  typeRoots: [join(root, 'node_modules/@types')],
  types: ['node'],
  strict: true,
  noEmit: true,
  skipLibCheck: false,
};
writeFileSync(join(all, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
writeFileSync(
  join(all, 'entries.ts'),
  entries.map((entry, i) => `import * as entry${i} from '${entry}';\nvoid entry${i};\n`).join(''),
);
check('compiles against the declarations', 'tsc', ['--project', join(all, 'tsconfig.json')], all);
// As many older projects have it. That resolution does not know `exports`; Node does.
const commonjs = { ...compilerOptions, module: 'commonjs', moduleResolution: 'node10', skipLibCheck: true };
writeFileSync(
  join(all, 'tsconfig.commonjs.json'),
  JSON.stringify({ compilerOptions: commonjs, include: ['*.ts'] }),
);
check('compiles with module: commonjs', 'tsc', ['--project', join(all, 'tsconfig.commonjs.json')], all);

// An optional dependency may be missing.
const without = project(
  'kafka without its client',
  [archives.get('core'), archives.get('kafka')],
  ['--omit=optional'],
);
cpSync(join(checks, 'kafka-without-client.mjs'), join(without, 'kafka-without-client.mjs'));
check('runs kafka-without-client.mjs', process.execPath, ['kafka-without-client.mjs', '--absent'], without);

// Each on its own: nobody pays for a broker that they do not use.
for (const { folder, manifest } of packages) {
  const siblings = Object.keys(manifest.dependencies ?? {}).filter((name) => name.startsWith('@ebus/'));
  const needed = ['core', ...siblings.map((name) => name.replace('@ebus/', '')), folder];
  const own = project(
    folder,
    [...new Set(needed)].map((name) => archives.get(name)),
  );
  const allowed = clientsOf[folder] ?? [];
  const strangers = installed(own).filter((name) => {
    const isClient = clients.some(
      (client) => name === client || (client.endsWith('/') && name.startsWith(client)),
    );
    return isClient && !allowed.some((client) => name === client || name.startsWith(client));
  });
  report(
    strangers.length === 0,
    `${manifest.name}: brings no other client`,
    `also installed: ${strangers.join(', ')}`,
  );
}

console.log(failures === 0 ? 'all packages are well' : `${failures} checks failed`);
process.exitCode = failures === 0 ? 0 : 1;
