import type { Msg } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import type { Link, OnMessage } from '../link.js';
import { endingOf, PullInbox } from './pull-inbox.js';

const request = { maxBytes: 1_000, expiresMs: 1_000, heartbeatMs: 500 };

/** An inbox, and the server's end of it. */
function anInbox() {
  let receive: OnMessage = () => {};
  const sent: unknown[] = [];
  const ends: string[] = [];
  const link = {
    inbox: () => 'inbox',
    subscribe: (_subject: string, onMessage: OnMessage) => {
      receive = onMessage;
      return {};
    },
    connection: { publish: (_: string, body: string) => void sent.push(JSON.parse(body)) },
  } as unknown as Link;
  const inbox = new PullInbox(link, 'next', {
    ...{ onMessage: () => {}, onEnd: (reason: string) => void ends.push(reason), onSign: () => {} },
    onDenied: () => {},
  });
  /** `bytes`: of all of it. */
  const message = (bytes: number) =>
    receive(null, { subject: 't', reply: 'ack', data: new Uint8Array(bytes - 4) } as Msg);
  const ended = (number: number | 'pin', left: number, bytes: number, text = '408 Request Timeout') => {
    const [code, description] = [Number(text.slice(0, 3)), text.slice(4)];
    const get = (name: string) => String(name === 'Nats-Pending-Bytes' ? bytes : left);
    const headers = { code, description, get };
    receive(null, { subject: `inbox.${number}`, data: new Uint8Array(), headers } as unknown as Msg);
  };
  return { inbox, message, ended, sent, ends };
}

it('knows the bytes that may still come, in whatever turns the server fills requests', () => {
  const { inbox, message, ended } = anInbox();
  inbox.request({ ...request, batch: 3 }, 0);
  inbox.request({ ...request, batch: 3 }, 0);
  expect(inbox).toMatchObject({ outstanding: 6, promised: 2_000 });
  // Two are of the first request, and one of the second.
  for (let i = 0; i < 3; i++) message(100);
  expect(inbox).toMatchObject({ outstanding: 3, promised: 1_700 });
  message(100);
  ended(1, 0, 700, '409 Batch Completed');
  expect(inbox).toMatchObject({ outstanding: 2, promised: 900 });
  ended(2, 2, 900);
  expect(inbox).toMatchObject({ outstanding: 0, promised: 0 });
});

it('keeps its pin without asking for a message, and counts no answer to that', () => {
  const { inbox, ended, sent, ends } = anInbox();
  inbox.request({ ...request, batch: 3 }, 0);
  inbox.keepPinned('only', 'p1');
  expect(sent[1]).toMatchObject({ batch: 1, max_bytes: 1, group: 'only', id: 'p1' });
  ended('pin', 1, 1, '409 Message Size Exceeds MaxBytes');
  ended('pin', 1, 1, '408 Request Timeout');
  expect([inbox.outstanding, inbox.promised, ends]).toEqual([3, 1_000, []]);
  ended('pin', 1, 1, '423 Nats-Pin-Id mismatch');
  expect([inbox.outstanding, ends]).toEqual([3, ['unpinned']]);
  // It asks for nothing else while handlers take long: nothing else would tell.
  ended('pin', 1, 1, '503');
  ended('pin', 1, 1, '409 Consumer Deleted');
  expect([inbox.outstanding, ends]).toEqual([3, ['unpinned', 'consumer', 'deleted']]);
});

it('knows the most requests that may wait, in whatever turns the server fills them', () => {
  const { inbox, message, ended } = anInbox();
  inbox.request({ ...request, batch: 3 }, 0);
  inbox.request({ ...request, batch: 3 }, 0);
  for (let n = 0; n < 4; n++) message(10);
  // Two of each came, or three of one.
  expect(inbox.waitingAtMost(0)).toBe(2);
  message(10);
  expect(inbox.waitingAtMost(0)).toBe(1);
  inbox.request({ ...request, batch: 9 }, 2_500);
  ended(1, 1, 0);
  expect(inbox.waitingAtMost(2_500)).toBe(2);
  // The second was filled: the server says nothing of that.
  expect(inbox.waitingAtMost(3_001)).toBe(1);
  for (let n = 0; n < 9; n++) message(10);
  expect(inbox.waitingAtMost(3_001)).toBe(0);
});

it('keeps no bytes promised once nothing more is to come, where the server does not say that a request is full', () => {
  const { inbox, message, ended } = anInbox();
  inbox.request({ ...request, batch: 3 }, 0);
  inbox.request({ ...request, batch: 3 }, 0);
  for (let i = 0; i < 3; i++) message(100);
  ended(1, 3, 1_000);
  expect(inbox).toMatchObject({ outstanding: 0, promised: 0 });
});

it.each([
  [408, 'Request Timeout', 'expired'],
  [404, 'No Messages', 'expired'],
  [409, 'Message Size Exceeds MaxBytes', 'large'],
  [409, 'Batch Completed', 'expired'],
  [409, 'Consumer Deleted', 'deleted'],
  [409, 'Leadership Change', 'consumer'],
  [409, 'Server Shutdown', 'consumer'],
  [503, '', 'consumer'],
  [423, 'Nats-Wrong-Pin-Id', 'unpinned'],
  [400, 'Bad Request - Priority Group missing', 'refused'],
  [409, 'Exceeded MaxRequestBatch of 1', 'refused'],
  [409, 'Exceeded MaxRequestMaxBytes of 10', 'refused'],
  [409, 'Exceeded MaxWaiting', 'refused'],
  [409, 'Consumer is push based', 'refused'],
])('a request that ends with %s %s is %s', (code, text, ending) => {
  expect(endingOf(code, text)).toBe(ending);
});
