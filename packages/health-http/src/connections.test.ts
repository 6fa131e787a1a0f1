import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  addressKey,
  type Connection,
  Connections,
  MAX_CONNECTIONS,
  MAX_CONNECTIONS_PER_ADDRESS,
} from './connections.js';

class FakeSocket extends EventEmitter {
  destroyed = false;
  constructor(readonly remoteAddress: string) {
    super();
  }
  destroy() {
    this.destroyed = true;
    this.emit('close');
  }
}

function connect(connections: Connections, address: string, count = 1): FakeSocket[] {
  return Array.from({ length: count }, () => {
    const socket = new FakeSocket(address);
    connections.add(socket as Connection);
    return socket;
  });
}
const as = (socket: FakeSocket | undefined) => socket as Connection;
const dropped = (sockets: FakeSocket[]) =>
  sockets.flatMap(({ destroyed }, index) => (destroyed ? [index] : []));

describe('connections', () => {
  it('of one address drop the one that has been without a request for longest', () => {
    const connections = new Connections();
    const sockets = connect(connections, '10.0.0.1', MAX_CONNECTIONS_PER_ADDRESS);
    connections.busy(as(sockets[0]));
    connections.busy(as(sockets[1]));
    connections.idle(as(sockets[1]));
    sockets.push(...connect(connections, '10.0.0.1', 2));
    expect(dropped(sockets)).toEqual([2, 3]);
    expect(connections.count).toBe(MAX_CONNECTIONS_PER_ADDRESS);
    sockets.push(...connect(connections, '10.0.0.1', MAX_CONNECTIONS_PER_ADDRESS - 3));
    expect(sockets[0]?.destroyed).toBe(false);
    expect(connections.count).toBe(MAX_CONNECTIONS_PER_ADDRESS);
  });

  it('of many addresses are dropped where there are most', () => {
    const connections = new Connections();
    const many = connect(connections, '10.0.0.1', MAX_CONNECTIONS_PER_ADDRESS);
    const few = connect(connections, '10.0.0.2', 3);
    for (let host = 0; connections.count < MAX_CONNECTIONS; host++) connect(connections, `10.0.1.${host}`);
    connect(connections, '10.0.2.1', 5);
    expect(dropped(many)).toEqual([0, 1, 2, 3, 4]);
    expect(dropped(few)).toEqual([]);
    expect(connections.count).toBe(MAX_CONNECTIONS);
  });

  it('are forgotten when they end', () => {
    const connections = new Connections();
    for (const socket of connect(connections, '10.0.0.1', 10)) socket.destroy();
    expect(connections.count).toBe(0);
  });
});

it.each([
  ['10.0.0.1', '10.0.0.1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
])('%s is the host %s', (address, key) => {
  expect(addressKey(address)).toBe(key);
});
