/** A network in between that can fail without saying so: what is sent is swallowed, and the connections stay open. */
import { connect, createServer, type Server, type Socket } from 'node:net';

export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target: { host: string; port: number } | undefined;
  #pipes: { client: Socket; upstream: Socket }[] = [];
  #swallows = false;
  /** Connections that clients made so far. */
  connections = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (client) => this.#accept(client));
  }

  /** Listens on a free port of this machine. What connects before `forwardTo` gets no answer. */
  static async start(): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TcpProxy(server);
  }

  /** `host:port`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** New connections go there: `host:port`, a scheme before it is left out. */
  forwardTo(address: string): void {
    const { hostname, port } = new URL(`tcp://${address.replace(/^\w+:\/\//, '')}`);
    this.#target = { host: hostname, port: Number(port) };
  }

  /** From now on nothing passes, on present connections and on new ones, and none of them is closed. */
  swallow(): void {
    this.#swallows = true;
    for (const { client, upstream } of this.#pipes) {
      client.unpipe(upstream);
      upstream.unpipe(client);
      client.resume();
      upstream.resume();
    }
    this.#pipes = [];
  }

  /** New connections pass again. Those from before stay as dead as they are. */
  heal(): void {
    this.#swallows = false;
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
    this.connections++;
    this.#keep(client);
    if (this.#swallows || this.#target === undefined) return void client.resume();
    const upstream = connect(this.#target);
    this.#keep(upstream);
    const pipe = { client, upstream };
    this.#pipes.push(pipe);
    client.pipe(upstream).pipe(client);
    // Of a connection that is swallowed, neither side learns that the other went.
    const end = (other: Socket) => () => {
      if (this.#pipes.includes(pipe)) other.destroy();
    };
    client.on('close', end(upstream));
    upstream.on('close', end(client));
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
