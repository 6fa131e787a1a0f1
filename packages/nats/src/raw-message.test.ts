import { headers, type Msg } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import { bytesOf, hasHeader, headersOf, marksOf, replyOf, subjectOf, wholeSizeOf } from './raw-message.js';

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

/** As the client keeps a message. */
function raw(subject: string, block: string, { reply = 'ack', value = 'xyz' } = {}): Msg {
  const argument = { hdr: block === '' ? -1 : block.length, subject: bytes(subject), reply: bytes(reply) };
  const fields = { _msg: argument, _rdata: bytes(block + value), subject, reply };
  return { ...fields, data: bytes(value) } as unknown as Msg;
}

const block = (...lines: string[]) => `NATS/1.0\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;

it.each([
  [false, undefined, ''],
  [false, undefined, block('X-Event-ID: 1', 'Nats-Msg-Id: t:1')],
  [false, undefined, block('a: X-Redrive-Group: g', 'X-Redrive-Groups: g', 'X-Redrive-Grou: g')],
  [true, undefined, block('X-Redrive-Group: g')],
  [true, undefined, block('a: b', 'x-REDRIVE-group: g', 'c: d')],
  [false, 'p', block('Nats-Pin-Id: p')],
  [false, 'p', block('a: b', 'Nats-Pin-Id:p', 'c: d')],
  [false, 'other', block('Nats-Pin-Id: other')],
  [true, 'p', block('nats-pin-id: p', 'X-Redrive-Group:')],
])('sees that it is redriven (%j) and its pin (%j): %j', (redriven, pin, text) => {
  expect(marksOf(raw('t', text))).toEqual({ redriven, pin });
  expect(headersOf(raw('t', text)).pin).toBe(pin);
});

it('takes headers in the value for none', () => {
  expect(marksOf(raw('t', block('a: b'), { value: '\nX-Redrive-Group: g' })).redriven).toBe(false);
});

it('counts all bytes of a message', () => {
  const message = raw('topic', block('a: b'));
  expect([bytesOf(message), wholeSizeOf(message)]).toEqual([21, 29]);
});

it('knows the subjects of messages that take turns', () => {
  const subjects = ['a', 'b', 'b', 'bb', 'a'];
  expect(subjects.map((subject) => subjectOf(raw(subject, '')))).toEqual(subjects);
});

it('has no reply where none was given', () => {
  const message = raw('t', '');
  (message as unknown as { _msg: { reply?: Uint8Array } })._msg.reply = undefined as never;
  expect(replyOf(message)).toHaveLength(0);
});

it('reads a message whose inside is another through its public fields', () => {
  const all = headers();
  all.append('x', 'y');
  const message = { subject: 'topic', reply: 'ack', data: bytes('xyz'), headers: all } as unknown as Msg;
  expect(headersOf(message).headers).toEqual([['x', 'y']]);
  expect(marksOf(message)).toEqual({ redriven: true, pin: undefined });
  expect([subjectOf(message), Buffer.from(replyOf(message)).toString()]).toEqual(['topic', 'ack']);
  expect([bytesOf(message), wholeSizeOf(message)]).toEqual([3, 11]);
});

it('finds a header by its name, and not in values', () => {
  const message = raw('t', block('a: nats-marker-reason: x', 'NATS-Marker-Reason: MaxAge'), { value: '' });
  expect(hasHeader(message, 'nats-marker-reason')).toBe(true);
  expect(hasHeader(raw('t', block('a: \tnats-marker-reason: x')), 'nats-marker-reason')).toBe(false);
  expect(hasHeader(raw('t', ''), 'nats-marker-reason')).toBe(false);
});
