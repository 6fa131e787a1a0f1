// PostgreSQL as a service: its options checked, its programs found.
import { readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { composeImage } from '../docker.mjs';
import { findOnPath, isExecutable, lastLines, runCommand } from '../run-command.mjs';

export const addressVariable = ({ own }) => (own === true ? undefined : 'EBUS_TEST_POSTGRES');

export function common({ nodes = 1 }) {
  if (nodes !== 1) throw new Error('postgres has one node only');
  return {};
}

export const image = () => composeImage('postgres');

/** As a local process. */
export async function local() {
  const bin = findPrograms();
  const { code, output } = await runCommand(join(bin, 'postgres'), ['--version']);
  const version = /(\d+(\.\d+)*)/.exec(output)?.[1];
  if (code !== 0 || version === undefined)
    throw new Error(`PostgreSQL does not run: ${lastLines(output, 3)}`);
  const user = process.getuid?.() === 0 ? await ordinaryUser() : {};
  return { bin, ...user, version, source: `programs in ${bin}` };
}

/** Debian keeps initdb out of PATH, in a folder for each version; the newest is taken. */
function findPrograms() {
  const debian = '/usr/lib/postgresql';
  const onPath = findOnPath('initdb');
  const folders = [
    ...versionsIn(debian).map((version) => join(debian, version, 'bin')),
    ...(onPath === undefined ? [] : [dirname(onPath)]),
  ];
  const found = folders.find((folder) =>
    ['initdb', 'postgres'].every((name) => isExecutable(join(folder, name))),
  );
  if (found !== undefined) return found;
  const places = [`${debian}/*/bin`, ...(process.env.PATH ?? '').split(delimiter).slice(0, 3)];
  throw new Error(`there is no initdb in ${places.join(', ')} ... (Debian: apt-get install postgresql)`);
}

function versionsIn(folder) {
  try {
    return readdirSync(folder).sort((a, b) => Number(b) - Number(a));
  } catch {
    return [];
  }
}

/** PostgreSQL refuses to run as root. */
async function ordinaryUser() {
  for (const name of ['postgres', 'nobody']) {
    const uid = await runCommand('id', ['-u', name]);
    const gid = await runCommand('id', ['-g', name]);
    if (uid.code === 0 && gid.code === 0) return { uid: Number(uid.output), gid: Number(gid.output) };
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as',
  );
}
