// When a NATS server is ready: it greets its clients, and its monitoring says that JetStream has recovered its files
// and, in a cluster, elected a leader that sees all the others.
import { connect } from 'node:net';

/** The INFO that a server sends first to every client, or `undefined` while nobody listens. */
export function readInfo(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    let text = '';
    const end = (info) => {
      socket.destroy();
      resolve(info);
    };
    socket.setTimeout(1000, () => end(undefined));
    socket.on('error', () => end(undefined));
    socket.on('close', () => resolve(undefined));
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      const line = /^INFO (.+?)\r\n/.exec(text);
      if (line) end(JSON.parse(line[1]));
    });
  });
}

/** A page of the server's monitoring, or `undefined` while it does not answer with 200. */
async function monitor(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    const body = await response.json();
    return response.ok ? body : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether a server that greets can be used.
 *
 * @param {{ monitoring: string }} node
 * @param {number} nodes how many servers its cluster has
 */
export async function isReady({ monitoring }, { nodes, jetstream }) {
  if ((await monitor(`${monitoring}/healthz`)) === undefined) return false;
  if (nodes === 1) return true;
  if (jetstream === false) {
    const routes = await monitor(`${monitoring}/routez`);
    const names = new Set(routes?.routes.map((route) => route.remote_name ?? route.remote_id));
    return names.size === nodes - 1;
  }
  const jsz = await monitor(`${monitoring}/jsz`);
  return jsz?.meta_cluster?.leader !== undefined && jsz.meta_cluster.leader !== '';
}

/** Whether the leader of the cluster's JetStream sees every other server. */
export async function isComplete(nodes) {
  for (const { monitoring } of nodes) {
    const jsz = await monitor(`${monitoring}/jsz`);
    const replicas = jsz?.meta_cluster?.replicas;
    if (replicas === undefined || replicas === null) continue;
    const current = replicas.filter((replica) => replica.current && !replica.offline);
    return current.length === nodes.length - 1;
  }
  return false;
}
