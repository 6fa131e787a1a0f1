/**
 * Connects the client so that it can be given up at any moment. The client's own `connect` leaves the socket open where a
 * server accepts it and says nothing, and with it the process; and so does its `close` while it connects again.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { within } from '@ebus/core/driver';
import {
  connect,
  type NatsConnection,
  NatsConnectionImpl,
  type NodeConnectionOptions,
  ProtocolHandler,
  type Server,
} from '@nats-io/transport-node';

/** Where Node tells of each socket that is made: https://nodejs.org/api/diagnostics_channel.html */
const SOCKETS = 'net.client.socket';

/** Its constructor is declared private. */
const Client = NatsConnectionImpl as unknown as new (
  options: NodeConnectionOptions,
) => NatsConnectionImpl & NatsConnection;

class Protocol extends ProtocolHandler {
  readonly #ended: AbortController;
  #socket: Socket | undefined;

  constructor(options: NodeConnectionOptions, client: NatsConnectionImpl, ended: AbortController) {
    super(options, client);
    this.#ended = ended;
  }

  override async dial(server: Server): Promise<void> {
    // The address was being looked up meanwhile.
    this.#ended.signal.throwIfAborted();
    const note = (message: unknown) => {
      this.#socket = (message as { socket: Socket }).socket;
    };
    subscribe(SOCKETS, note);
    // Makes the socket before it returns, unless TLS comes first: that one heeds the signal.
    const dialling = super.dial(server);
    unsubscribe(SOCKETS, note);
    await dialling;
  }

  /** Nothing is left open or pending. */
  end(): void {
    this.#ended.abort();
    this.raceTimer?.cancel();
    this.dialDelay?.cancel();
    this.transport?.discard();
    this.#socket?.destroy();
  }
}

/** One attempt. At the signal it is given up. */
export async function dial(options: NodeConnectionOptions, signal: AbortSignal): Promise<NatsConnection> {
  // Has the client make Node's sockets. That is the first thing its `connect` does; then it refuses these options.
  connect({ servers: 'localhost', port: 1 }).catch(() => {});
  const ended = new AbortController();
  const tls = options.tls && { ...options.tls, signal: ended.signal };
  const client = new Client(tls ? { ...options, tls } : options);
  const protocol = new Protocol(client.options, client, ended);
  client.protocol = protocol;
  try {
    await within(protocol.dialLoop(), signal, () => {
      throw new Error('no connection in time');
    });
    return client;
  } catch (error) {
    protocol.end();
    throw error;
  }
}

/** Closes it for good, also while it connects again. */
export async function hangUp(connection: NatsConnection): Promise<void> {
  await connection.close();
  const { protocol } = connection as NatsConnectionImpl;
  if (protocol instanceof Protocol) protocol.end();
}
