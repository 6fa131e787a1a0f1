import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cleanup } from './cleanup.js';
import { eventually } from './eventually.js';
import { TcpProxy } from './tcp-proxy.js';

const cleanup = new Cleanup();
let proxy: TcpProxy;
let arrived = '';

beforeEach(async () => {
  arrived = '';
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.setEncoding('utf8').on('data', (text: string) => {
      arrived += text;
      socket.write(`${text}!`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.add(server, () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  proxy = cleanup.add(await TcpProxy.start(), (one) => one.close());
  proxy.forwardTo(`nats://127.0.0.1:${(server.address() as { port: number }).port}`);
});
afterEach(() => cleanup.run());

function client() {
  const [host, port] = proxy.address.split(':') as [string, string];
  const socket = cleanup.add(connect(Number(port), host), (one) => one.destroy());
  const seen = { answers: '', closed: false, socket };
  socket.on('error', () => {});
  socket.on('close', () => {
    seen.closed = true;
  });
  socket.setEncoding('utf8').on('data', (text: string) => {
    seen.answers += text;
  });
  return seen;
}
const within = (check: () => boolean) => eventually(5_000, check);

describe('TcpProxy', () => {
  it('passes both ways, and counts', async () => {
    const one = client();
    one.socket.write('a');
    await within(() => one.answers === 'a!');
    expect([proxy.connections, proxy.open]).toEqual([1, 1]);
    one.socket.destroy();
    await within(() => proxy.open === 0);
  });

  it('holds answers back on present and new connections, and delivers them when healed', async () => {
    const one = client();
    one.socket.write('a');
    await within(() => one.answers === 'a!');
    proxy.holdAnswers();
    const two = client();
    one.socket.write('b');
    two.socket.write('c');
    await within(() => arrived.length === 3);
    expect([one.answers, two.answers]).toEqual(['a!', '']);
    proxy.heal();
    await within(() => one.answers === 'a!b!' && two.answers === 'c!');
  });

  it('swallows without a word, and passes only new connections when healed', async () => {
    const one = client();
    one.socket.write('a');
    await within(() => one.answers === 'a!');
    proxy.swallow();
    const two = client();
    two.socket.write('x');
    await within(() => proxy.connections === 2);
    proxy.heal();
    const three = client();
    three.socket.write('b');
    await within(() => three.answers === 'b!');
    expect([one.closed, two.closed, two.answers, arrived]).toEqual([false, false, '', 'ab']);
  });

  it('cuts and refuses until healed', async () => {
    const one = client();
    one.socket.write('a');
    await within(() => one.answers === 'a!');
    proxy.cut();
    await within(() => one.closed);
    const two = client();
    await within(() => two.closed);
    proxy.heal();
    const three = client();
    three.socket.write('b');
    await within(() => three.answers === 'b!');
  });
});
