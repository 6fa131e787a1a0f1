/** A network in between that can fail, also without saying so: connections stay open and nothing passes. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Network } from '../abilities.js';

interface Pipe {
  readonly client: Socket;
  readonly upstream: Socket;
}

/** A TCP proxy on loopback for one target. Faults apply to present and new connections until `heal`. */
export class TcpProxy implements Network, AsyncDisposable {
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  readonly #sockets = new Set<Socket>();
  #target: { host: string; port: number } | undefined;
  #pipes: Pipe[] = [];
  #mode: 'passes' | 'swallows' | 'holds' | 'cut' = 'passes';
  /** Connections that clients made so far. */
  connections = 0;

  constructor() {
    this.#server = createServer((client) => this.#accept(client));
    this.#server.unref();
  }

  /** Listens on a free port of this machine. What connects before `forwardTo` gets no answer. */
  static async start(): Promise<TcpProxy> {
    const proxy = new TcpProxy();
    await proxy.listen();
    return proxy;
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  /** `host:port`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** Connections that are open. */
  get open(): number {
    return this.#clients.size;
  }

  /** New connections go there: `host:port`, a scheme before it is left out. */
  forwardTo(address: string): void {
    const { hostname, port } = new URL(`tcp://${address.replace(/^\w+:\/\//, '')}`);
    this.#target = { host: hostname, port: Number(port) };
  }

  /** Closes all connections, and refuses new ones. */
  cut(): void {
    this.#mode = 'cut';
    this.#pipes = [];
    for (const socket of this.#sockets) socket.destroy();
  }

  /** From now on nothing passes, on present connections and on new ones, and none of them is closed. */
  swallow(): void {
    this.#mode = 'swallows';
    for (const { client, upstream } of this.#pipes) {
      client.unpipe(upstream);
      upstream.unpipe(client);
      client.resume();
      upstream.resume();
    }
    this.#pipes = [];
  }

  /** Requests pass, and answers are kept until `heal`, on present connections and on new ones. */
  holdAnswers(): void {
    this.#mode = 'holds';
    for (const pipe of this.#pipes) hold(pipe);
  }

  /** New connections pass again, and answers that were held arrive. Connections that were swallowed stay as dead as they are. */
  heal(): void {
    this.#mode = 'passes';
    for (const { client, upstream } of this.#pipes) upstream.unpipe(client).pipe(client);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #accept(client: Socket): void {
    if (this.#mode === 'cut') return void client.destroy();
    this.connections++;
    this.#clients.add(client);
    client.on('close', () => this.#clients.delete(client));
    this.#keep(client);
    if (this.#mode === 'swallows' || this.#target === undefined) return void client.resume();
    const upstream = connect(this.#target);
    this.#keep(upstream);
    const pipe = { client, upstream };
    this.#pipes.push(pipe);
    client.pipe(upstream).pipe(client);
    if (this.#mode === 'holds') hold(pipe);
    // Of a connection that is swallowed, neither side learns that the other went.
    const end = (other: Socket) => () => {
      if (!this.#pipes.includes(pipe)) return;
      this.#pipes = this.#pipes.filter((one) => one !== pipe);
      other.destroy();
    };
    client.on('close', end(upstream));
    upstream.on('close', end(client));
  }

  #keep(socket: Socket): void {
    // Protocols that write a request in pieces would wait for 40 ms at each.
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

function hold({ client, upstream }: Pipe): void {
  upstream.unpipe(client);
  upstream.pause();
}
