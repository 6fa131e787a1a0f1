// The configuration file of one NATS server. Pure: no I/O.

/** What a nats-server configuration calls a string. */
const quoted = (text) => JSON.stringify(text);

/**
 * @param {object} o
 * @param {string} o.name of the server
 * @param {string} o.cluster
 * @param {string} o.host the address to listen on
 * @param {{ client: number, monitor: number, route: number }} o.ports
 * @param {readonly string[]} o.routes `host:port` of every server of the cluster; empty for a single server
 * @param {string} o.store folder for JetStream's files
 * @param {boolean | string} o.jetstream `false` for a server without it; text adds to its block, as `max_file: 10MB`
 * @param {string} o.config lines added at the end
 */
export function natsConfig({ name, cluster, host, ports, routes, store, jetstream, config }) {
  const lines = [
    `server_name: ${quoted(name)}`,
    `listen: ${quoted(`${host}:${ports.client}`)}`,
    `http: ${quoted(`${host}:${ports.monitor}`)}`,
  ];
  if (jetstream !== false) {
    lines.push('jetstream {', `  store_dir: ${quoted(store)}`);
    if (typeof jetstream === 'string') lines.push(...jetstream.split('\n').map((line) => `  ${line.trim()}`));
    lines.push('}');
  }
  if (routes.length > 0) {
    lines.push('cluster {', `  name: ${quoted(cluster)}`, `  listen: ${quoted(`${host}:${ports.route}`)}`);
    lines.push(`  routes: [${routes.map((route) => quoted(`nats-route://${route}`)).join(', ')}]`, '}');
  }
  if (config !== '') lines.push(config);
  return `${lines.join('\n')}\n`;
}
