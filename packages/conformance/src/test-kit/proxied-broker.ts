/** A server of one's own behind a proxy: what a harness offers to be broken. */
import type { BreakableBroker, ConfigOverlay } from '../abilities.js';
import { TcpProxy } from './tcp-proxy.js';

/** A server, as far as it is broken. */
export interface BreakableServer {
  /** Ends it as SIGKILL does. */
  kill(): Promise<void>;
  /** Starts it again. Resolves once it can be used. */
  restart(): Promise<void>;
  /** Stops it in place, as SIGSTOP does. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends it for good. */
  close(): Promise<void>;
}

/** Extend it by `start`, which starts the server, has `network` forward to it, and sets `server`; and by what else can be broken. */
export abstract class ProxiedBroker<Server extends BreakableServer> implements BreakableBroker {
  readonly network = new TcpProxy();
  #server: Server | undefined;

  abstract start(): Promise<ConfigOverlay>;

  protected get server(): Server {
    if (this.#server === undefined) throw new Error('the broker was not started');
    return this.#server;
  }

  protected set server(server: Server) {
    this.#server = server;
  }

  async close(): Promise<void> {
    await this.network.close();
    await this.#server?.close();
  }

  kill(): Promise<void> {
    return this.server.kill();
  }

  restart(): Promise<void> {
    return this.server.restart();
  }

  freeze(): Promise<void> {
    return this.server.pause();
  }

  thaw(): Promise<void> {
    return this.server.resume();
  }
}
