/** A network in front of one broker that answers, while it is told to, as a broker that its cluster has fenced: it knows of no brokers. */
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Of the protocol: the request for metadata, and from where on its answers have compact arrays. */
const METADATA = 3;
const COMPACT = 9;

/** Bytes of one direction, as whole frames. */
class Frames {
  #rest: Buffer = Buffer.alloc(0);

  *of(chunk: Buffer): Generator<Buffer> {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 4 && this.#rest.length >= 4 + this.#rest.readInt32BE(0)) {
      const size = 4 + this.#rest.readInt32BE(0);
      yield this.#rest.subarray(0, size);
      this.#rest = this.#rest.subarray(size);
    }
  }
}

export class FencedProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target = { host: '127.0.0.1', port: 0 };
  /** Answers for metadata name no broker. */
  isFenced = false;
  /** Answers that were changed. */
  changed = 0;

  constructor() {
    this.#server = createServer((client) => this.#accept(client));
    this.#server.unref();
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** `host:port`. */
  forwardTo(address: string): void {
    const [host = '', port] = address.split(':');
    this.#target = { host, port: Number(port) };
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(client: Socket): void {
    const upstream = connect(this.#target);
    const asked = new Set<number>();
    const [requests, answers] = [new Frames(), new Frames()];
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      for (const frame of requests.of(chunk)) {
        if (frame.readInt16BE(4) === METADATA && frame.readInt16BE(6) >= COMPACT)
          asked.add(frame.readInt32BE(8));
        upstream.write(frame);
      }
    });
    upstream.on('data', (chunk: Buffer) => {
      for (const frame of answers.of(chunk)) {
        const isMetadata = asked.delete(frame.readInt32BE(4));
        client.write(isMetadata && this.isFenced ? this.#withoutBrokers(frame) : frame);
      }
    });
  }

  /** Size, correlation id, no tags, throttle time; then the brokers: id, host, port, rack, no tags each. */
  #withoutBrokers(frame: Buffer): Buffer {
    this.changed++;
    const begin = 4 + 4 + 1 + 4;
    let at = begin;
    // Lengths are one more than they are, and below 128 here.
    for (let left = frame.readUInt8(at++) - 1; left > 0; left--) {
      at += 4;
      at += frame.readUInt8(at);
      at += 4;
      at += Math.max(1, frame.readUInt8(at));
      at += 1;
    }
    const changed = Buffer.concat([frame.subarray(0, begin), Buffer.from([1]), frame.subarray(at)]);
    changed.writeInt32BE(changed.length - 4, 0);
    return changed;
  }
}
