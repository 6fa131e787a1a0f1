import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { findNatsServer } from './binary.mjs';
import { currentVersion, oldVersion } from './versions.mjs';

let folder: string;
let said: string[];
const find = (version: string) => findNatsServer(version, (line: string) => said.push(line));

/** A command that is on PATH; nothing else is, but what a shell needs. */
function command(name: string, script: string): void {
  const file = join(folder, 'bin', name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

/** A Go that counts its calls and "compiles" a server. */
const go = () =>
  command(
    'go',
    `echo "$@" >> ${folder}/go-calls\nprintf '#!/bin/sh\\n' > "$GOBIN/nats-server"\n/bin/chmod 755 "$GOBIN/nats-server"`,
  );
const goCalls = () => readFileSync(join(folder, 'go-calls'), 'utf8').trimEnd().split('\n');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ebus-binary-'));
  said = [];
  mkdirSync(join(folder, 'bin'));
  vi.stubEnv('PATH', join(folder, 'bin'));
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

it('compiles the current one with Go, once, and says so', async () => {
  go();
  const found = await Promise.all([find('current'), find('current')]);
  const binary = join(folder, `cache/ebus/nats-server/${currentVersion}/nats-server`);
  expect(found).toEqual(Array(2).fill({ binary, version: currentVersion, source: 'compiled by Go' }));
  expect(existsSync(binary)).toBe(true);
  expect(goCalls()).toEqual([expect.stringContaining(`nats-server/v2@v${currentVersion}`)]);
  expect(said).toEqual([
    expect.stringContaining('compiling'),
    expect.stringMatching(/compiled .* in \d+\.\d s/),
  ]);
});

it('takes what is on PATH where Go cannot compile, and nothing is left of the attempt', async () => {
  command('go', 'echo "no such module" >&2; exit 1');
  command('nats-server', 'echo "nats-server: v2.10.7"');
  expect(await find('current')).toMatchObject({ version: '2.10.7', source: expect.stringContaining('PATH') });
  expect(existsSync(join(folder, `cache/ebus/nats-server/${currentVersion}.building`))).toBe(false);
});

it('prefers a 2.9 that is there to one that it would have to compile', async () => {
  go();
  command('nats-server', 'echo "nats-server: v2.9.22"');
  expect(await find('2.9')).toMatchObject({ version: '2.9.22' });
});

it('compiles a 2.9 where PATH and package have other versions', async () => {
  go();
  command('nats-server', 'echo "nats-server: v2.11.1"');
  expect(await find('2.9')).toMatchObject({ version: oldVersion, source: 'compiled by Go' });
});

it('unpacks the Debian package without installing it', async () => {
  command('apt-get', 'echo > nats-server_2.9.10_amd64.deb');
  command(
    'dpkg',
    '/bin/mkdir -p "$3/usr/sbin"; printf "#!/bin/sh\\necho nats-server: v2.9.10\\n" > "$3/usr/sbin/nats-server"; /bin/chmod 755 "$3/usr/sbin/nats-server"',
  );
  expect(await find('2.9')).toEqual({
    binary: join(folder, 'cache/ebus/nats-server/debian/usr/sbin/nats-server'),
    version: '2.9.10',
    source: 'Debian package',
  });
});

it('says why each way did not do', async () => {
  command('nats-server', 'echo "nats-server: v2.11.1"');
  await expect(find('2.12.3')).rejects.toMatchObject({
    errors: [
      { message: 'Go: there is no `go` on PATH' },
      { message: expect.stringMatching(/^PATH: .* is 2\.11\.1$/) },
      { message: 'Debian package: there is no apt-get and dpkg here' },
    ],
  });
});
