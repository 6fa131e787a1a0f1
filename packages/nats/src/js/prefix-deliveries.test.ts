import { beforeEach, expect, it } from 'vitest';
import { ManualClock } from '../../../core/src/testing/manual-clock.js';
import { AckAllServer } from '../testing/ack-all-server.js';
import type { JetStreamDelivery } from './delivery.js';
import { PrefixDeliveries } from './prefix-deliveries.js';

let server: AckAllServer;
let member: PrefixDeliveries;
let doubts: number;

function join(): PrefixDeliveries {
  const one = new PrefixDeliveries({
    clock: new ManualClock(),
    ackWait: 1_000,
    onDoubt: () => doubts++,
    onRoom: () => {},
  });
  one.online(server.link());
  one.learn(server.info);
  return one;
}

beforeEach(() => {
  doubts = 0;
  server = new AckAllServer();
  member = join();
});

function take(...sequences: (number | undefined)[]): JetStreamDelivery[] {
  const all = sequences.map((sequence) => server.give(sequence));
  for (const one of all) member.add(one);
  return all;
}

function settle(one: unknown, outcome: 'handled' | 'dead-lettered' | 'released' = 'handled'): void {
  member.settle([{ token: one, outcome }]);
  member.flush();
}

const next = (count: number) => take(...Array.from({ length: count }, () => undefined));

it('acknowledges up to the oldest unsettled message, whatever the outcomes', () => {
  const [one, two, three] = next(3);
  settle(two, 'dead-lettered');
  expect([server.floor, server.words, member.size, member.inHand]).toEqual([0, [], 3, 2]);
  settle(one);
  expect([server.floor, member.size]).toEqual([2, 1]);
  settle(three);
  expect([server.floor, server.words, member.size]).toEqual([3, [], 0]);
});

it('acknowledges a batch once', () => {
  const all = next(4);
  member.settle(all.map((token) => ({ token, outcome: 'handled' })));
  expect(server.floor).toBe(0);
  member.flush();
  expect([server.floor, server.info.ack_floor.consumer_seq]).toEqual([4, 4]);
});

it('confirms nothing beyond a message that goes back', () => {
  const [one, two] = next(2);
  settle(one, 'released');
  settle(two);
  expect([server.floor, server.words]).toEqual([0, [[1, '-NAK']]]);
  settle(take(1)[0]);
  expect(server.floor).toBe(2);
});

it('confirms nothing beyond a message that is refused or lost', () => {
  const refused = server.give();
  member.refuse(refused);
  const [lost, last] = next(2);
  member.drop([lost as JetStreamDelivery]);
  settle(lost);
  settle(last);
  expect([server.floor, server.words]).toEqual([0, [[1, '-NAK {"delay": 1000000000}']]]);
  for (const again of take(1, 2)) settle(again);
  expect(server.floor).toBe(3);
});

it('confirms what another consumer has as well', () => {
  const [one] = next(1);
  member.pass(server.give());
  member.flush();
  expect(server.floor).toBe(0);
  settle(one);
  expect(server.floor).toBe(2);
});

it('drops what comes again settled already, and settles by the newest delivery what is not', () => {
  const [one, two] = next(2);
  settle(two);
  const again = server.give(2);
  expect(member.add(again)).toBe(false);
  const [newest] = take(1);
  settle(one);
  expect([server.floor, member.inHand]).toEqual([0, 1]);
  settle(newest);
  expect([server.floor, member.size]).toEqual([2, 0]);
});

it('is not ignored by the server after a message came again behind newer ones', () => {
  const all = next(3);
  settle(take(1)[0]);
  settle(all[1]);
  settle(all[2]);
  expect([server.floor, server.pending.size]).toEqual([3, 0]);
});

it('keeps the leases of what it has settled and not confirmed', () => {
  const [, two] = next(2);
  settle(two);
  member.keepSettled();
  expect(server.words).toEqual([[2, '+WPI']]);
});

it('confirms no newer message before those of a former member have come again and are settled', () => {
  const former = next(2);
  member = join();
  const [newer] = next(1);
  settle(newer);
  expect([server.floor, doubts]).toEqual([0, 1]);
  member.learn(server.info);
  expect(server.floor).toBe(0);
  const [one, two] = take(1, 2);
  settle(one);
  member.learn(server.info);
  expect(server.floor).toBe(0);
  settle(two);
  expect([server.floor, server.pending.size]).toEqual([3, 0]);
  expect(former.length).toBe(2);
});

it('confirms nothing after an interruption in which a delivery got lost', () => {
  const [one] = next(1);
  server.give();
  member.interrupted();
  const [three] = next(1);
  for (const each of [one, three]) settle(each);
  member.learn(server.info);
  expect(server.floor).toBe(0);
  settle(take(2)[0]);
  member.learn(server.info);
  expect(server.floor).toBe(3);
});

it('a member that another one has replaced confirms only what it has settled itself', () => {
  const [one, two, three] = next(3);
  const former = member;
  settle(two);
  member = join();
  const [newer] = next(1);
  settle(newer);
  former.settle([one, three].map((token) => ({ token, outcome: 'handled' as const })));
  former.flush();
  expect([server.floor, [...server.pending.keys()]]).toEqual([3, [4]]);
  member.learn(server.info);
  expect(server.floor).toBe(4);
});

it('keeps what is settled without a connection, and confirms it after that', () => {
  const all = next(2);
  member.online(undefined);
  for (const one of all) settle(one);
  expect([server.floor, member.size]).toEqual([0, 2]);
  member.online(server.link());
  member.interrupted();
  member.learn(server.info);
  expect(server.floor).toBe(2);
});

it('hands back in one order at the end what is not confirmed', () => {
  const [, two, three] = next(4);
  member.leaving();
  settle(three);
  settle(two, 'released');
  expect(server.words).toEqual([]);
  member.handBack();
  expect(server.words).toEqual([
    [2, '-NAK'],
    [3, '-NAK'],
  ]);
});

it('counts what is settled and not confirmed, so that none waits for it', () => {
  const [, two, three] = next(3);
  for (const one of [two, three]) settle(one);
  expect([member.settledHere(2), member.settledHere(9)]).toEqual([1, 2]);
});

it('knows nothing of a consumer that was made anew, nor of its stream', () => {
  const [one] = next(2);
  member.anotherConsumer();
  settle(one);
  expect([server.floor, member.size, member.isInDoubt]).toEqual([0, 0, true]);
  member.add(server.give(1));
  expect(member.forget()).toHaveLength(1);
  expect(member.size).toBe(0);
});

it('forgets what others have settled', () => {
  next(3);
  member.settledThrough(2);
  expect([...member.unsettled()]).toEqual([3]);
});
