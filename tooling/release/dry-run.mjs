// `pnpm release:dry`: releases everything to a registry on this machine, as `release:version` and `release:publish` would, then a
// second time with a change of one package; installs the packages from there with npm, and runs them. Changes nothing here.
// Needs built packages, and npm's registry, to fetch verdaccio.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const bin = join(root, 'node_modules/.bin');
const work = mkdtempSync(join(tmpdir(), 'ebus-release-'));
const tree = join(work, 'tree');
const PACKAGES = readdirSync(join(root, 'packages')).filter(
  (name) => existsSync(manifestOf(root, name)) && readJson(manifestOf(root, name)).private !== true,
);

function manifestOf(base, name) {
  return join(base, 'packages', name, 'package.json');
}
function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function run(title, command, args, cwd, env = {}) {
  const child = spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, ...env } });
  const output = `${child.stdout ?? ''}${child.stderr ?? ''}${child.error?.message ?? ''}`;
  if (child.status !== 0) throw new Error(`${title} failed:\n${output}`);
  console.log(`✓ ${title}`);
  return output;
}

/** The workspace as far as a release sees it, in a folder of its own. */
function copyTree() {
  mkdirSync(tree);
  for (const name of ['package.json', 'pnpm-workspace.yaml', '.changeset', 'LICENSE']) {
    cpSync(join(root, name), join(tree, name), { recursive: true });
  }
  for (const name of PACKAGES) {
    const from = join(root, 'packages', name);
    assert.ok(existsSync(join(from, 'dist')), `packages/${name} is not built; run 'pnpm build' before`);
    const filter = (path) => !/\/(node_modules|src)(\/|$)/.test(path.slice(from.length));
    cpSync(from, join(tree, 'packages', name), { recursive: true, filter });
    // What `workspace:` and `catalog:` are replaced by is read from what is installed.
    const scope = join(tree, 'packages', name, 'node_modules/@ebus');
    mkdirSync(scope, { recursive: true });
    for (const other of PACKAGES)
      if (other !== name) symlinkSync(join(tree, 'packages', other), join(scope, other));
  }
  for (const folder of ['tooling', 'examples']) {
    for (const name of readdirSync(join(root, folder))) {
      const manifest = join(root, folder, name, 'package.json');
      if (existsSync(manifest))
        cpSync(manifest, join(tree, folder, name, 'package.json'), { recursive: true });
    }
  }
  run('git init', 'git', ['init', '--quiet', '--initial-branch=main'], tree);
}

const versions = () =>
  Object.fromEntries(PACKAGES.map((name) => [name, readJson(manifestOf(tree, name)).version]));

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The body; undefined where there is none. A connection each: this process stands still while others run. */
function ask(url) {
  return new Promise((resolve) => {
    const request = get(url, { agent: false }, async (answer) => {
      let body = '';
      for await (const chunk of answer.setEncoding('utf8')) body += chunk;
      resolve(answer.statusCode === 200 ? body : undefined);
    });
    request.on('error', () => resolve(undefined));
  });
}

/** verdaccio on loopback: our packages from its own storage, all others from the registry that npm uses here. */
async function startRegistry() {
  const port = await freePort();
  const upstream = run('asking npm for its registry', 'npm', ['config', 'get', 'registry'], work).trim();
  const config = {
    storage: join(work, 'storage'),
    uplinks: { upstream: { url: upstream, timeout: '60s', maxage: '1h' } },
    packages: {
      '@ebus/*': { access: '$all', publish: '$all', unpublish: '$all' },
      '**': { access: '$all', publish: '$all', proxy: 'upstream' },
    },
    log: { type: 'stdout', format: 'json', level: 'error' },
  };
  writeFileSync(join(work, 'verdaccio.yaml'), JSON.stringify(config));
  const folder = join(work, 'verdaccio');
  mkdirSync(folder);
  // It asks for node-fetch by a tag that mirrors of registries may not have.
  const manifest = {
    private: true,
    dependencies: { verdaccio: '^6.1.0' },
    overrides: { 'node-fetch': '^2.7.0' },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--loglevel=error'];
  run('verdaccio is fetched', 'npm', ['install', ...quiet], folder);
  const args = ['--config', join(work, 'verdaccio.yaml'), '--listen', `127.0.0.1:${port}`];
  const server = spawn(join(folder, 'node_modules/.bin/verdaccio'), args, {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}/`;
  // npm wants to see a login, whatever it is.
  writeFileSync(
    join(work, '.npmrc'),
    `registry=${url}\n//127.0.0.1:${port}/:_authToken=anyone\nprovenance=false\n`,
  );
  for (let waited = 0; ; waited += 250) {
    if ((await ask(`${url}-/ping`)) !== undefined) break;
    assert.ok(waited < 60_000 && server.exitCode === null, 'verdaccio does not start');
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  console.log('✓ a registry on this machine');
  return { url, stop: () => server.kill() };
}

/** Publishes what the registry does not have yet, as `changeset publish` does. */
async function publishMissing({ url }) {
  const published = [];
  const env = { NPM_CONFIG_USERCONFIG: join(work, '.npmrc'), NPM_CONFIG_PROVENANCE: 'false' };
  for (const name of PACKAGES) {
    const manifest = readJson(manifestOf(tree, name));
    const known = JSON.parse((await ask(`${url}${manifest.name.replace('/', '%2f')}`)) ?? '{}');
    if (known.versions?.[manifest.version] !== undefined) continue;
    const args = ['publish', '--no-git-checks', '--registry', url];
    // Provenance is signed by CI alone.
    manifest.publishConfig = { access: 'public' };
    writeFileSync(manifestOf(tree, name), `${JSON.stringify(manifest, null, 2)}\n`);
    run(`${manifest.name}@${manifest.version}: published`, 'pnpm', args, join(tree, 'packages', name), env);
    published.push(name);
  }
  return published;
}

const changeset = (title) => run(title, join(bin, 'changeset'), ['version'], tree);

function install(url) {
  const app = join(work, 'app');
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), '{ "name": "app", "private": true, "type": "module" }\n');
  const env = { NPM_CONFIG_USERCONFIG: join(work, '.npmrc') };
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', '--registry', url];
  const names = PACKAGES.map((name) => readJson(manifestOf(tree, name)).name);
  run('npm install from the registry', 'npm', ['install', ...quiet, ...names], app, env);
  const program = `
import { createEventBus } from '@ebus/core';
import { memory } from '@ebus/memory';
const bus = await createEventBus({ type: 'memory', serviceName: 'app' }, { plugins: [memory] });
await bus.publish('t', 'x');
await bus.close();
`;
  writeFileSync(join(app, 'app.mjs'), program);
  run('the installed packages run', process.execPath, ['app.mjs'], app);
  const shipped = readJson(join(app, 'node_modules/@ebus/kafka/package.json'));
  assert.doesNotMatch(JSON.stringify(shipped), /workspace:|catalog:/);
  for (const name of PACKAGES) {
    const folder = join(app, 'node_modules/@ebus', name);
    for (const file of ['README.md', 'LICENSE'])
      assert.ok(existsSync(join(folder, file)), `@ebus/${name} has no ${file}`);
  }
  console.log('✓ each has its README and its licence, and no protocol of the workspace');
}

let registry;
try {
  copyTree();
  changeset('changesets become versions');
  const first = versions();
  console.log(
    Object.entries(first)
      .map(([name, version]) => `  ${name} ${version}`)
      .join('\n'),
  );
  for (const [name, version] of Object.entries(first)) {
    assert.match(version, /^0\.\d+\.\d+$/, `${name} would be released as ${version}`);
    assert.ok(existsSync(join(tree, 'packages', name, 'CHANGELOG.md')), `${name} has no changelog`);
  }
  registry = await startRegistry();
  assert.deepEqual(await publishMissing(registry), PACKAGES);
  install(registry.url);

  // A minor of core forces no release of the others.
  writeFileSync(join(tree, '.changeset/next.md'), "---\n'@ebus/core': minor\n---\n\nSomething new.\n");
  changeset('a second release, of core alone');
  const second = versions();
  const moved = PACKAGES.filter((name) => second[name] !== first[name]);
  assert.deepEqual(moved, ['core'], `released as well: ${moved.join(', ')}`);
  assert.deepEqual(await publishMissing(registry), ['core']);
  console.log(`✓ core ${first.core} → ${second.core}, the others stay`);
} finally {
  registry?.stop();
  rmSync(work, { recursive: true, force: true });
}
