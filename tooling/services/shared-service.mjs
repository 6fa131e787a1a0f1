// One service for many programs: the processes of a vitest run share what they only talk to, and it is started when the
// first of them asks for it. The run's main process serves the addresses on a loopback port.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { startService } from './start-service.mjs';

/** Where to ask: set by `serveShared` for the process itself and for those that it starts. */
const variable = 'EBUS_SERVICES';

const own = sharing();

/** @type {typeof import('./index.mjs').sharedService} */
export async function sharedService(name, options = {}) {
  const url = process.env[variable];
  if (url === undefined) return own.get(name, options);
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ name, options }) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

/** @type {typeof import('./index.mjs').serveShared} */
export async function serveShared({ log } = {}) {
  const services = sharing(log);
  // Whoever does not know it has no business here.
  const path = `/${randomUUID()}`;
  const server = createServer(async (request, response) => {
    const answer = (status, body) => response.writeHead(status).end(JSON.stringify(body));
    try {
      if (request.url !== path) throw new Error('not found');
      const chunks = await request.toArray();
      const { name, options } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      answer(200, await services.get(name, options));
    } catch (error) {
      answer(500, { error: error.message });
    }
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  server.unref();
  process.env[variable] = `http://127.0.0.1:${server.address().port}${path}`;
  return {
    async close() {
      delete process.env[variable];
      server.close();
      server.closeAllConnections();
      await services.close();
    },
  };
}

/** Services by what was asked for, each started once. */
function sharing(log) {
  const started = new Map();
  return {
    async get(name, options) {
      const key = JSON.stringify([name, Object.entries(options).sort()]);
      if (!started.has(key)) started.set(key, startService(name, { ...options, log }));
      const service = await started.get(key);
      const { how, source, version, addresses, monitoring } = service;
      return { name, how, source, version, addresses, monitoring };
    },
    async close() {
      const settled = await Promise.allSettled(started.values());
      await Promise.all(settled.map(({ value }) => value?.close()));
    },
  };
}
