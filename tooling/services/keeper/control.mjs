// A service that outlives the command that started it (`services up`): its keeper answers on a loopback port, and a file
// says which. Nobody trusts a process id that may belong to another process by now.
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { cacheFolder } from '../cache.mjs';

/** `XDG_RUNTIME_DIR` is gone after a restart of the machine, as what is noted there is. */
const folder = () =>
  process.env.XDG_RUNTIME_DIR ? join(process.env.XDG_RUNTIME_DIR, 'ebus') : cacheFolder('run');

const fileOf = (key) => join(folder(), `${key}.json`);

/** Answers calls of `methods` by name until `close` was called. Resolves once the file is there. */
export async function serveControl(key, methods) {
  const path = `/${randomUUID()}`;
  const server = createServer(async (request, response) => {
    const method = request.url.slice(path.length + 1);
    if (!request.url.startsWith(`${path}/`) || !Object.hasOwn(methods, method)) {
      response.writeHead(404).end();
      return;
    }
    try {
      const result = await methods[method]();
      response.end(JSON.stringify(result ?? null));
    } catch (error) {
      response.writeHead(500).end(error.message);
    }
    if (method === 'close') response.once('close', () => process.exit());
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${server.address().port}${path}`;
  mkdirSync(folder(), { recursive: true });
  writeFileSync(fileOf(key), JSON.stringify({ url }), { mode: 0o600 });
  process.on('exit', () => rmSync(fileOf(key), { force: true }));
}

/** Calls the keeper of a service that is up; `undefined` where none is. */
export async function callControl(key, method) {
  let file;
  try {
    file = readFileSync(fileOf(key), 'utf8');
  } catch {
    return undefined;
  }
  let response;
  try {
    response = await fetch(`${JSON.parse(file).url}/${method}`, { method: 'POST' });
  } catch {
    // Its keeper is gone (the machine was restarted, say), and a port of its own with it.
    rmSync(fileOf(key), { force: true });
    return undefined;
  }
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

/** The keys of the services that are up, or were when their machine went down. */
export function controlKeys() {
  try {
    return readdirSync(folder())
      .filter((name) => name.endsWith('.json'))
      .map((name) => name.slice(0, -'.json'.length));
  } catch {
    return [];
  }
}
