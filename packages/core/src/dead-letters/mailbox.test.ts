import { expect, it, vi } from 'vitest';
import type { IncomingMessage } from '../driver/message.js';
import { Mailbox } from './mailbox.js';

const message = (token: number, partition = 0) =>
  ({ token, position: { partition, offset: token } }) as IncomingMessage;

it('keeps what is pushed until it is taken, and says when there is something', async () => {
  const box = new Mailbox(() => {});
  const news = box.news();
  box.push([message(1), message(2)]);
  await news;
  await box.news();
  expect([box.waiting.length, box.take().length, box.waiting.length]).toEqual([2, 2, 0]);
});

it('throws what fetching failed with, once', async () => {
  const box = new Mailbox(() => {});
  const news = box.news();
  box.failed(new Error('no leader'));
  await news;
  expect(() => box.take()).toThrow('no leader');
  expect(box.take()).toEqual([]);
  box.ended();
  await box.news();
  expect(box.hasEnded).toBe(true);
});

it('drops what is not its own any more, and tells who has taken some of it', async () => {
  const gone = vi.fn<(isGone: (one: IncomingMessage) => boolean) => void>();
  const box = new Mailbox(gone);
  box.push([message(1), message(2, 1), message(3)]);
  box.lost([1]);
  await box.revoked([1]);
  expect(box.take().map(({ token }) => token)).toEqual([3]);
  const [[wasLost], [wasRevoked]] = gone.mock.calls as never as [
    [(one: IncomingMessage) => boolean],
    [(one: IncomingMessage) => boolean],
  ];
  expect([
    wasLost(message(1)),
    wasLost(message(9)),
    wasRevoked(message(9, 1)),
    wasRevoked(message(9)),
  ]).toEqual([true, false, true, false]);
});
