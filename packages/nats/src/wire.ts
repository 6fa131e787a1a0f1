/**
 * Publishing on a connection with one piece of memory a message. The client makes three, and puts them together later. What has
 * to be refused or looks unusual goes the client's own way, and so does all of it where a client's inside is not as expected.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import type { WireHeaders } from './mapping.js';

/** The private part of the client that sends commands. */
interface Protocol {
  sendCommand(command: Uint8Array, ...more: Uint8Array[]): void;
  readonly info?: { readonly max_payload: number; readonly headers?: boolean };
  readonly noMorePublishing: boolean;
  /** Counts of the client's `stats`. */
  outBytes: number;
  outMsgs: number;
}

const SLAB = 64 * 1024;
/** Larger payloads are handed over as they are, and not copied once more. */
const LARGE = 4 * 1024;
/** Longest command, in characters; a character may take three bytes. */
const LONGEST = 8 * 1024;
const CRLF = Buffer.from('\r\n');
const PUB = Buffer.from('PUB ');
const EMPTY = Buffer.from(' 0\r\n\r\n');
/** Of a short publish beside subject and text, at most. */
const OVERHEAD = 32;

/** Shared by all connections: each write is handed over before other code runs. */
let slab = Buffer.alloc(0);
let used = 0;
let handed = 0;

/** Writes to one connection, in the order of the calls, also with regard to the client's own calls. */
export class Wire {
  readonly #connection: NatsConnection;
  readonly #protocol: Protocol | undefined;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
    const { protocol } = connection as unknown as { readonly protocol?: Partial<Protocol> };
    if (typeof protocol?.sendCommand === 'function' && typeof protocol.outMsgs === 'number') {
      this.#protocol = protocol as Protocol;
    }
  }

  /** False where all calls go the client's own way. */
  get isShort(): boolean {
    return this.#protocol !== undefined;
  }

  /** @throws the client's errors */
  publish(subject: string, payload: Uint8Array, reply: string | undefined, headers?: WireHeaders): void {
    const protocol = this.#ready(payload.length + (headers?.size ?? 0), headers);
    const command = commandOf(subject, payload.length, reply, headers);
    if (protocol === undefined || command.length > LONGEST) {
      return this.#connection.publish(subject, payload, {
        ...(reply === undefined ? undefined : { reply }),
        ...(headers === undefined ? undefined : { headers: headers.forClient }),
      });
    }
    count(protocol, payload.length + (headers?.size ?? 0));
    if (payload.length > LARGE) return protocol.sendCommand(Buffer.from(command), payload, CRLF);
    this.#append(protocol, command, payload);
    this.#hand(protocol);
  }

  /** Publishes a short ASCII text, or nothing, to a subject as it is on the wire. It goes with `flush`, which has to follow before other code runs. @throws the client's errors */
  add(subject: Uint8Array, text = ''): void {
    const protocol = this.#ready(0);
    if (protocol === undefined) return this.#connection.publish(Buffer.from(subject).toString(), text);
    count(protocol, text.length);
    this.#makeRoom(protocol, subject.length + text.length * 3 + OVERHEAD);
    // Most are empty. To copy bytes costs less than to encode text.
    slab.set(PUB, used);
    slab.set(subject, used + PUB.length);
    used += PUB.length + subject.length;
    if (text === '') {
      slab.set(EMPTY, used);
      used += EMPTY.length;
    } else used += slab.write(` ${text.length}\r\n${text}\r\n`, used);
  }

  /** Hands over all that was added, in one write. */
  flush(): void {
    if (this.#protocol !== undefined) this.#hand(this.#protocol);
  }

  /** Undefined where the client has to look at it, to refuse it most likely. */
  #ready(bytes: number, headers?: WireHeaders): Protocol | undefined {
    const protocol = this.#protocol;
    if (protocol === undefined || protocol.noMorePublishing || this.#connection.isClosed()) return undefined;
    const { info } = protocol;
    if (info === undefined || bytes > info.max_payload) return undefined;
    return headers !== undefined && info.headers !== true ? undefined : protocol;
  }

  #append(protocol: Protocol, command: string, payload: Uint8Array): void {
    this.#makeRoom(protocol, command.length * 3 + payload.length + CRLF.length);
    used += slab.write(command, used);
    if (payload.length > 0) slab.set(payload, used);
    used += payload.length;
    slab[used++] = 0x0d;
    slab[used++] = 0x0a;
  }

  #makeRoom(protocol: Protocol, bytes: number): void {
    if (used + bytes <= slab.length) return;
    this.#hand(protocol);
    slab = Buffer.allocUnsafeSlow(SLAB);
    used = 0;
    handed = 0;
  }

  #hand(protocol: Protocol): void {
    if (used === handed) return;
    const piece = slab.subarray(handed, used);
    handed = used;
    protocol.sendCommand(piece);
  }
}

function commandOf(
  subject: string,
  payload: number,
  reply: string | undefined,
  headers: WireHeaders | undefined,
): string {
  const to = reply === undefined ? subject : `${subject} ${reply}`;
  if (headers === undefined) return `PUB ${to} ${payload}\r\n`;
  return `HPUB ${to} ${headers.size} ${headers.size + payload}\r\n${headers.block}`;
}

function count(protocol: Protocol, bytes: number): void {
  protocol.outBytes += bytes;
  protocol.outMsgs++;
}
