/** The address of a server, for spans. */

/** Host and port of a server. */
export interface ServerAddress {
  /** Host name or IP address, without brackets. */
  readonly address: string;
  readonly port?: number;
}

/** From `host:port`, `[::1]:port`, `nats://login@host:port` or a host alone. `undefined` where it is none of these. */
export function serverAddress(text: string | undefined): ServerAddress | undefined {
  if (text === undefined) return undefined;
  const bare = text
    .replace(/^[\w+.-]+:\/\//, '')
    .replace(/^[^@]*@/, '')
    .replace(/\/.*$/, '');
  const match = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(bare);
  const address = match?.[1] ?? match?.[2];
  if (address === undefined) return undefined;
  return match?.[3] === undefined ? { address } : { address, port: Number(match[3]) };
}
