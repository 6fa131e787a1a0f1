/** Who is connected to a health server: bounded, so that whoever comes next always gets in. */

/** The used part of a socket. */
export interface Connection {
  readonly remoteAddress?: string | undefined;
  once(event: 'close', listener: () => void): unknown;
  destroy(): unknown;
}

/** Probes and scrapers are few; whoever opens more than this is neither. */
export const MAX_CONNECTIONS = 256;
/** The share of one address; for IPv6 of one /64 network. */
export const MAX_CONNECTIONS_PER_ADDRESS = 64;

interface Peer {
  /** Without a complete request, the one that has been so for longest first. */
  readonly waiting: Set<Connection>;
  /** With a request that is being answered. */
  readonly answered: Set<Connection>;
}

/**
 * At a limit a connection is dropped: of the address that has most, the one that has been without a complete request for
 * longest; where all are being answered, the oldest of those. So slow and idle connections, however many, make room for a
 * probe, and one host takes nothing from the others.
 */
export class Connections {
  readonly #peers = new Map<string, Peer>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(socket: Connection): void {
    const address = addressKey(socket.remoteAddress ?? '');
    const own = this.#peers.get(address) ?? { waiting: new Set(), answered: new Set() };
    // Room is made before it counts as one of those that wait.
    if (sizeOf(own) >= MAX_CONNECTIONS_PER_ADDRESS) this.#dropOneOf(address, own);
    else if (this.#count >= MAX_CONNECTIONS) this.#dropOneOf(...this.#largest());
    this.#peers.set(address, own);
    own.waiting.add(socket);
    this.#count++;
    socket.once('close', () => this.#remove(address, own, socket));
  }

  /** A request is complete: the connection is not dropped while another could be, until `idle`. */
  busy(socket: Connection): void {
    const peer = this.#peers.get(addressKey(socket.remoteAddress ?? ''));
    if (peer?.waiting.delete(socket)) peer.answered.add(socket);
  }

  idle(socket: Connection): void {
    const peer = this.#peers.get(addressKey(socket.remoteAddress ?? ''));
    if (peer?.answered.delete(socket)) peer.waiting.add(socket);
  }

  #largest(): [address: string, peer: Peer] {
    let largest: [string, Peer] | undefined;
    for (const entry of this.#peers) {
      if (largest === undefined || sizeOf(entry[1]) > sizeOf(largest[1])) largest = entry;
    }
    return largest as [string, Peer];
  }

  #dropOneOf(address: string, peer: Peer): void {
    const [oldest = [...peer.answered][0]] = peer.waiting;
    if (oldest === undefined) return;
    // At once, not when its end is told: until then it would be counted.
    this.#remove(address, peer, oldest);
    oldest.destroy();
  }

  #remove(address: string, peer: Peer, socket: Connection): void {
    if (!peer.waiting.delete(socket) && !peer.answered.delete(socket)) return;
    this.#count--;
    if (sizeOf(peer) === 0) this.#peers.delete(address);
  }
}

function sizeOf({ waiting, answered }: Peer): number {
  return waiting.size + answered.size;
}

/** One host: an IPv4 address, or the 64 bits of an IPv6 network, of which a host may have any number of addresses. */
export function addressKey(address: string): string {
  if (address.includes('.')) return address.slice(address.lastIndexOf(':') + 1);
  const [plain = ''] = address.split('%');
  const [before = '', after] = plain.split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const zeros =
    after === undefined ? [] : new Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0');
  return [...head, ...zeros, ...tail].slice(0, 4).join(':');
}
