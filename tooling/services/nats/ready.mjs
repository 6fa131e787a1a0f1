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

/** Whether a server has recovered its files, and, in a cluster, is in contact with the leader. */
export const isHealthy = async (monitoring) => (await monitor(`${monitoring}/healthz`)) !== undefined;

/**
 * Whether the servers of a cluster see each other, and each of its streams has a leader.
 *
 * @param {readonly { name: string, monitoring: string }[]} servers
 * @param {boolean | string} jetstream `false` where they run without it
 */
export async function isComplete(servers, jetstream) {
  const others = servers.length - 1;
  const views = (page) => Promise.all(servers.map(({ monitoring }) => monitor(`${monitoring}/${page}`)));
  if (jetstream === false) {
    // There may be several routes to one server.
    const seen = (routez) => new Set(routez?.routes.map((route) => route.remote_id)).size;
    return (await views('routez')).every((routez) => seen(routez) === others);
  }
  const jsz = await views('jsz?accounts=true&streams=true');
  // The view that JetStream's leader has is the only whole one.
  const leader = jsz.find((view, i) => view?.meta_cluster?.leader === servers[i].name);
  const replicas = leader?.meta_cluster.replicas ?? [];
  const present = replicas.filter((replica) => replica.current && !replica.offline).length === others;
  return present && jsz.every((view) => streamsOf(view).every(({ cluster }) => cluster?.leader));
}

const streamsOf = (jsz) => jsz?.account_details?.flatMap((account) => account.stream_detail ?? []) ?? [];
