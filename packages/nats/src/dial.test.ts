/** Servers that accept a connection and say nothing, or no more: nothing of it is left open. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { lookup } from 'node:dns/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { dial, hangUp } from './dial.js';

const INFO = 'INFO {"server_id":"s","version":"2.12.0","proto":1,"max_payload":1048576,"headers":true}\r\n';

let server: Server;
let sockets: Socket[];
/** How many of these sockets the other end has closed. */
let closed: number;
let accepted: () => void;
let talks: boolean;
beforeEach(async () => {
  [sockets, closed, talks, accepted] = [[], 0, false, () => {}];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('close', () => closed++);
    if (talks) {
      socket.write(INFO);
      socket.on('data', (data) => data.toString().includes('PING') && socket.write('PONG\r\n'));
    } else socket.resume();
    accepted();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

const options = () => ({
  servers: `127.0.0.1:${(server.address() as { port: number }).port}`,
  timeout: 60_000,
});
const arrival = () =>
  new Promise<void>((resolve) => {
    accepted = resolve;
  });
/** Those that are made from now on. */
function socketsMade(onMade: () => void = () => {}): Socket[] {
  const made: Socket[] = [];
  const note = (message: unknown) => {
    made.push((message as { socket: Socket }).socket);
    onMade();
  };
  subscribe('net.client.socket', note);
  onTestFinished(() => void unsubscribe('net.client.socket', note));
  return made;
}
const allClosed = () => expect.poll(() => closed).toBe(sockets.length);

it.each([
  ['that waits for the server to speak', {}],
  ['that waits for a TLS handshake', { tls: { handshakeFirst: true } }],
])('an attempt %s is given up at the signal', async (_, more) => {
  const abort = new AbortController();
  const arrived = arrival();
  const dialling = dial({ ...options(), ...more }, abort.signal);
  await arrived;
  abort.abort();
  await expect(dialling).rejects.toThrow('no connection in time');
  await allClosed();
});

it('an attempt that takes longer than the client permits leaves nothing open', async () => {
  const dialling = dial({ ...options(), timeout: 20 }, new AbortController().signal);
  await expect(dialling).rejects.toThrow('timeout');
  expect(sockets).toHaveLength(1);
  await allClosed();
});

it('an attempt is given up while the address is looked up', async () => {
  const abort = new AbortController();
  const servers = options().servers.replace('127.0.0.1', 'localhost');
  const made = socketsMade();
  const dialling = dial({ ...options(), servers }, abort.signal);
  abort.abort();
  await expect(dialling).rejects.toThrow('no connection in time');
  await lookup('localhost', { all: true });
  await new Promise((resolve) => setImmediate(resolve));
  expect(made).toEqual([]);
});

it('an attempt is given up before the connection is there', async () => {
  const abort = new AbortController();
  const made = socketsMade(() => queueMicrotask(() => abort.abort()));
  await expect(dial(options(), abort.signal)).rejects.toThrow('no connection in time');
  expect(made.map(({ destroyed }) => destroyed)).toEqual([true]);
});

it('a client that connects again to a server that says nothing is closed for good', async () => {
  talks = true;
  const connection = await dial({ ...options(), reconnectTimeWait: 1 }, new AbortController().signal);
  talks = false;
  const again = arrival();
  sockets[0]?.destroy();
  await again;
  await hangUp(connection);
  await allClosed();
  expect(sockets).toHaveLength(2);
});
