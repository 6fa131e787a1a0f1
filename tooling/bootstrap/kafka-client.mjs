// The native client of @ebus/kafka: found, fetched, or compiled once and kept outside of the work tree for other clones.
// `node tooling/bootstrap/kafka-client.mjs` makes it ready and says what it does.
import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, withLock } from '../services/cache.mjs';
import { run } from './run.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const name = '@confluentinc/kafka-javascript';
const binary = 'build/Release/confluent-kafka-javascript.node';
/** What a compiled client consists of: it finds librdkafka in the folder beside its own. */
const compiled = [binary, 'build/deps/librdkafka.so.1', 'build/deps/librdkafka++.so.1'];
const debianPackages = [
  'libssl-dev',
  'libsasl2-dev',
  'zlib1g-dev',
  'libzstd-dev',
  'liblz4-dev',
  'libcurl4-openssl-dev',
];
const systemHeaders = '/usr/include/node/node.h';

/** Where it is installed in this work tree. */
export const installedClient = () => join(root, 'packages/kafka/node_modules', name);

/**
 * Resolves with `{ code, output }` as `run` does; the output says what was missing.
 *
 * @param {(line: string) => void} say told before work that takes long
 * @param {string} [folder] the client's package
 */
export async function ensureKafkaClient(say, folder = installedClient()) {
  if (!existsSync(folder)) return { code: 1, output: `${name} is not installed; run pnpm install first` };
  const at = realpathSync(folder);
  if (await loads(at)) return done();
  const { version } = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8'));
  const libc = process.report?.getReport().header.glibcVersionRuntime ? 'glibc' : 'libc';
  const key = `${version}-abi${process.versions.modules}-${process.platform}-${process.arch}-${libc}`;
  const cached = cacheFolder('kafka-client', key);
  return withLock(`${cached}.lock`, async () => {
    if (existsSync(cached)) {
      put(cached, at);
      if (await loads(at)) {
        say(`${name} ${version}: taken from ${cached}`);
        return done();
      }
      rmSync(cached, { recursive: true, force: true });
    }
    say(`${name} ${version}: fetching the prebuilt binary ...`);
    await run(process.execPath, [preGyp(at), 'install'], { cwd: at });
    if (await loads(at)) return done();
    say(`${name} ${version}: there is none to be had here; compiling it, once (a minute or two) ...`);
    const problem = await installDebianPackages(say);
    if (problem !== undefined) return { code: 1, output: problem };
    const built = await compile(at, `${cached}.compiling`, say);
    if (built.code !== 0) return built;
    rmSync(cached, { recursive: true, force: true });
    renameSync(`${cached}.compiled`, cached);
    put(cached, at);
    if (!(await loads(at))) return { code: 1, output: `${name} was compiled and does not load` };
    say(`${name} ${version}: compiled, kept in ${cached}`);
    return done();
  });
}

const done = () => ({ code: 0, output: '' });

async function loads(folder) {
  if (!existsSync(join(folder, binary))) return false;
  const { code } = await run(process.execPath, ['-e', `require(${JSON.stringify(join(folder, binary))})`]);
  return code === 0;
}

const preGyp = (folder) =>
  createRequire(join(folder, 'package.json')).resolve('@mapbox/node-pre-gyp/bin/node-pre-gyp');

function put(from, to) {
  for (const file of compiled) {
    if (!existsSync(join(from, file))) continue;
    mkdirSync(dirname(join(to, file)), { recursive: true });
    rmSync(join(to, file), { force: true });
    cpSync(join(from, file), join(to, file), { dereference: true });
  }
}

/** In a copy: the installed files may be shared with other projects. */
async function compile(folder, work, say) {
  rmSync(work, { recursive: true, force: true });
  const isOwn = (file) => !/\/(node_modules|build)$/.test(file.slice(folder.length));
  cpSync(folder, work, { recursive: true, dereference: true, filter: isOwn });
  const modules = folder.slice(0, folder.lastIndexOf(name) - 1);
  const env = { ...process.env, CKJS_LINKING: 'dynamic', NODE_PATH: modules };
  const args = [preGyp(folder), 'install', '--build-from-source'];
  let result = await run(process.execPath, args, { cwd: work, env });
  if (result.code !== 0 && existsSync(systemHeaders) && !existsSync(join(work, binary))) {
    say(`${name}: trying again with the installed headers of Node (${systemHeaders}) ...`);
    result = await run(process.execPath, args, { cwd: work, env: { ...env, npm_config_nodedir: '/usr' } });
  }
  if (result.code === 0) {
    const ready = work.replace(/ing$/, 'ed');
    rmSync(ready, { recursive: true, force: true });
    put(work, ready);
  }
  rmSync(work, { recursive: true, force: true });
  const last = result.output.trimEnd().split('\n').slice(-20).join('\n');
  return { code: result.code, output: `${name} could not be compiled:\n${last}\n` };
}

/** What the compiler needs. @returns what somebody has to install by hand */
async function installDebianPackages(say) {
  const missing = [];
  for (const one of debianPackages) {
    const { code, output } = await run('dpkg-query', ['-s', one]);
    if (code === 127) return undefined; // No Debian: the compiler will say what it misses.
    if (code !== 0 || !output.includes('install ok installed')) missing.push(one);
  }
  if (missing.length === 0) return undefined;
  const command = `apt-get install -y ${missing.join(' ')}`;
  if (process.getuid?.() !== 0) return `to compile ${name}, install as root: ${command}`;
  say(`installing what the compiler needs: ${missing.join(' ')} ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update'], { env });
  const { code, output } = await run('apt-get', ['install', '-y', ...missing], { env });
  return code === 0 ? undefined : `${command} failed:\n${output}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { code, output } = await ensureKafkaClient((line) => console.log(line), process.argv[2]);
  if (code !== 0) console.error(output);
  process.exitCode = code;
}
