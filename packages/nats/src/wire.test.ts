import type { NatsConnection } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import { WireHeaders } from './mapping.js';
import { Wire } from './wire.js';

/** A connection whose inside is as expected; `published` are calls of the client's own `publish`. */
function made(change: object = {}, isClosed = false) {
  const written: string[] = [];
  const published: unknown[][] = [];
  const protocol = {
    sendCommand: (...pieces: Uint8Array[]) => void written.push(Buffer.concat(pieces).toString()),
    info: { max_payload: 100_000, headers: true },
    noMorePublishing: false,
    outBytes: 0,
    outMsgs: 0,
    ...change,
  };
  const connection = {
    protocol,
    isClosed: () => isClosed,
    publish: (...args: unknown[]) => void published.push(args),
  } as unknown as NatsConnection;
  return { wire: new Wire(connection), protocol, written, published };
}

const bytes = (text: string) => Buffer.from(text);
const headers = new WireHeaders('NATS/1.0\r\na: b\r\n\r\n');

it('writes a message in one piece, with and without reply and headers', () => {
  const { wire, written, protocol } = made();
  wire.publish('a', bytes('xyz'), undefined);
  wire.publish('a', bytes(''), 'r');
  wire.publish('a', bytes('xyz'), 'r', headers);
  wire.publish('a', bytes('xyz'), undefined, headers);
  expect(written).toEqual([
    'PUB a 3\r\nxyz\r\n',
    'PUB a r 0\r\n\r\n',
    'HPUB a r 18 21\r\nNATS/1.0\r\na: b\r\n\r\nxyz\r\n',
    'HPUB a 18 21\r\nNATS/1.0\r\na: b\r\n\r\nxyz\r\n',
  ]);
  expect(protocol).toMatchObject({ outMsgs: 4, outBytes: 3 + 0 + 21 + 21 });
});

it('writes as UTF-8, and payloads of any size', () => {
  const { wire, written } = made();
  wire.publish('strömung', bytes('ä'), undefined);
  for (let i = 0; i < 100; i++) wire.publish('b', Buffer.alloc(1_000, i), undefined);
  wire.publish('c', Buffer.alloc(50_000, 97), undefined);
  expect(written[0]).toBe('PUB strömung 2\r\nä\r\n');
  expect(
    written.slice(1, 101).every((text) => text.startsWith('PUB b 1000\r\n') && text.endsWith('\r\n')),
  ).toBe(true);
  expect(written[101]).toBe(`PUB c 50000\r\n${'a'.repeat(50_000)}\r\n`);
});

it('what was written stays as it was while later messages are written', () => {
  const pieces: Uint8Array[] = [];
  const { wire } = made({ sendCommand: (piece: Uint8Array) => void pieces.push(piece) });
  const wanted: string[] = [];
  for (let i = 0; i < 500; i++) {
    wire.publish('s', bytes(`${i}`.repeat(200)), undefined);
    wanted.push(`PUB s ${`${i}`.length * 200}\r\n${`${i}`.repeat(200)}\r\n`);
  }
  expect(pieces.map((piece) => Buffer.from(piece).toString())).toEqual(wanted);
});

it('adds many, and writes them together', () => {
  const { wire, written } = made();
  wire.flush();
  wire.add(bytes('x'));
  wire.add(bytes('y'), '+TERM');
  expect(written).toEqual([]);
  wire.flush();
  wire.flush();
  expect(written).toEqual(['PUB x 0\r\n\r\nPUB y 5\r\n+TERM\r\n']);
});

it('loses none of many', () => {
  const { wire, written } = made();
  for (let i = 0; i < 5_000; i++) wire.add(bytes(`subject.number.${i}`));
  wire.flush();
  const wanted = Array.from({ length: 5_000 }, (_, i) => `PUB subject.number.${i} 0\r\n\r\n`).join('');
  expect(written.join('')).toBe(wanted);
  expect(written.length).toBeLessThan(20);
});

it.each<[string, object, boolean]>([
  ['is closed', {}, true],
  ['takes nothing more', { noMorePublishing: true }, false],
  ['is not there yet', { info: undefined }, false],
  ['takes less', { info: { max_payload: 2, headers: true } }, false],
  ['knows no headers', { info: { max_payload: 100 } }, false],
  ['has another inside', { sendCommand: undefined }, false],
])('leaves it to the client where that %s', (_, change, isClosed) => {
  const { wire, written, published } = made(change, isClosed);
  wire.publish('a', bytes('xyz'), 'r', headers);
  expect(written).toEqual([]);
  expect(published).toEqual([['a', bytes('xyz'), { reply: 'r', headers }]]);
});
