import { type Clock, EbusError, type SendRecord, systemClock } from '@ebus/core/driver';
import { expect, it, vi } from 'vitest';
import { ManualClock } from '../../core/src/testing/manual-clock.js';
import type { Link } from './link.js';
import { Sender } from './sender.js';

const MIB = 1024 * 1024;

/** A link whose server answers flushes when told to. */
function made(clock: Clock = systemClock) {
  const published: { topic: string; reply: string | undefined }[] = [];
  const flushes: (() => void)[] = [];
  let onAck: (error: Error | null, message: object) => void = () => {};
  const link = {
    inbox: () => 'inbox',
    clock,
    isClosed: false,
    subscribe: (_: string, callback: typeof onAck) => {
      onAck = callback;
      return { isClosed: () => false };
    },
    connection: {
      publish: (topic: string, _: Uint8Array, { reply }: { reply?: string }) =>
        void published.push({ topic, reply }),
      flush: () => new Promise<void>((resolve) => flushes.push(resolve)),
    },
  } as unknown as Link;
  const sender = new Sender({ clock, publishTimeout: 60_000, onNoStream() {} });
  sender.online(link);
  const ack = (reply: string | undefined, answer: object | 503) => {
    const isNone = answer === 503;
    const data = new TextEncoder().encode(isNone ? '' : JSON.stringify(answer));
    onAck(null, { subject: reply, data, headers: isNone ? { code: 503 } : undefined });
  };
  const deny = (error: Error) => onAck(error, {});
  return { sender, link, published, flushes, ack, deny };
}

function record(persistence: 'persistent' | 'ephemeral', bytes = 1): SendRecord & { outcome: unknown } {
  const one = {
    topic: 't',
    persistence,
    value: new Uint8Array(bytes),
    headers: [],
    outcome: undefined as unknown,
    stored: (position?: unknown, duplicate?: boolean) => {
      one.outcome = { position, duplicate };
    },
    failed: (error: unknown) => {
      one.outcome = error;
    },
  };
  return one as unknown as SendRecord & { outcome: unknown };
}

it('each message is answered by its own acknowledgement', () => {
  const { sender, published, ack } = made();
  const [one, two, three, four] = [1, 2, 3, 4].map(() => record('persistent')) as [
    ReturnType<typeof record>,
    ReturnType<typeof record>,
    ReturnType<typeof record>,
    ReturnType<typeof record>,
  ];
  for (const each of [one, two, three, four]) sender.send(each);
  ack(published[1]?.reply, { seq: 7, duplicate: true });
  ack(published[0]?.reply, { seq: 6 });
  ack(published[2]?.reply, 503);
  ack(published[3]?.reply, { error: { code: 400, err_code: 10054, description: 'too large' } });
  expect(one.outcome).toEqual({ position: { offset: 6 }, duplicate: false });
  expect(two.outcome).toEqual({ position: { offset: 7 }, duplicate: true });
  expect(three.outcome).toMatchObject({ code: 'TOPIC_NOT_FOUND', retryable: true });
  expect(four.outcome).toMatchObject({ code: 'MESSAGE_TOO_LARGE', retryable: false });
});

it('nothing is kept for later: without a connection a message fails, and so do those that are under way', () => {
  const { sender } = made();
  const one = record('persistent');
  sender.send(one);
  sender.offline(new Error('broken'));
  expect(one.outcome).toMatchObject({ code: 'CONNECTION_FAILED', retryable: true });
  for (const persistence of ['persistent', 'ephemeral'] as const) {
    expect(() => sender.send(record(persistence))).toThrow('was not sent');
  }
});

it.each(['persistent', 'ephemeral'] as const)(
  'bytes that the server does not read are bounded: %s',
  async (persistence) => {
    const { sender, published, flushes } = made();
    const records = Array.from({ length: 100 }, () => record(persistence, MIB));
    for (const each of records) sender.send(each);
    const first = published.length;
    expect(first).toBeLessThanOrEqual(64);
    expect(first).toBeGreaterThan(60);
    for (let done = 0; published.length < 100; done++) {
      flushes[done]?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (persistence === 'ephemeral') expect(records.every(({ outcome }) => outcome !== undefined)).toBe(true);
  },
);

it('those that wait for room fail with the connection', () => {
  const { sender } = made();
  const records = Array.from({ length: 70 }, () => record('ephemeral', MIB));
  for (const each of records) sender.send(each);
  expect(records[69]?.outcome).toBeUndefined();
  sender.offline(new Error('broken'));
  expect(EbusError.isInstance(records[69]?.outcome)).toBe(true);
});

it('a denied inbox fails all that wait for an answer', () => {
  const { sender, deny } = made();
  const one = record('persistent');
  sender.send(one);
  deny(Object.assign(new Error('no'), { name: 'PermissionViolationError' }));
  expect(one.outcome).toMatchObject({ code: 'UNAUTHORIZED' });
  expect(() => sender.send(record('persistent'))).toThrow(expect.objectContaining({ code: 'UNAUTHORIZED' }));
});

it('an acknowledgement that came while the process slept is read before its message expires', async () => {
  const clock = new ManualClock();
  const { sender, published, ack } = made(clock);
  const [answered, other] = [record('persistent'), record('persistent')];
  sender.send(answered);
  sender.send(other);
  const reply = published[0]?.reply;
  const io = vi.spyOn(clock, 'setImmediate').mockImplementationOnce((then) => {
    ack(reply, { stream: 'S', seq: 7 });
    then();
  });
  clock.block(600_000);
  await clock.advance(0);
  expect(io).toHaveBeenCalledOnce();
  expect(answered.outcome).toMatchObject({ position: { offset: 7 } });
  expect(other.outcome).toMatchObject({ code: 'PUBLISH_TIMEOUT', retryable: true });
});
