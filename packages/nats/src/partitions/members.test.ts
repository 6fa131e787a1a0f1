import type { Clock } from '@ebus/core/driver';
import type { Msg } from '@nats-io/transport-node';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../core/src/testing/manual-clock.js';
import type { Link, OnMessage } from '../link.js';
import { Members } from './members.js';

/** A subject: what one says, all hear. */
class Subject {
  readonly #listeners = new Set<OnMessage>();

  link(): Link & { cut: boolean } {
    const link = {
      cut: false,
      isClosed: false,
      connection: {
        publish: (_: string, text: string) => {
          if (!link.cut) for (const listener of this.#listeners) listener(null, message(text));
        },
      },
      subscribe: (_: string, listener: OnMessage) => {
        const hear: OnMessage = (...heard) => {
          if (!link.cut) listener(...heard);
        };
        this.#listeners.add(hear);
        return { unsubscribe: () => this.#listeners.delete(hear) };
      },
    };
    return link as unknown as Link & { cut: boolean };
  }
}

const message = (text: string) => ({ json: () => JSON.parse(text) }) as unknown as Msg;

function member(subject: Subject, clock: Clock, id: string, partitions: number[], pins: string[] = []) {
  const said: string[] = [];
  const members = new Members({
    ...{ clock, id, subject: 's' },
    claims: () => ({ partitions, pins }),
    onTick: () => {},
    onChange: () => void said.push('change'),
    onSilence: () => void said.push('silence'),
    onDenied: () => void said.push('denied'),
    onHeard: () => void said.push('heard'),
  });
  const link = subject.link();
  members.online(link);
  return { members, said, link, partitions };
}

const ids = (members: Members) => members.all.map(({ id }) => id);

describe('members of a group', () => {
  it('know of each other at once, of what each claims, and of who leaves', () => {
    const [clock, subject] = [new ManualClock(), new Subject()];
    const one = member(subject, clock, 'one', [1], ['pin']);
    const two = member(subject, clock, 'two', []);
    expect([ids(one.members), ids(two.members)]).toEqual([
      ['one', 'two'],
      ['two', 'one'],
    ]);
    expect(two.members.all[1]?.partitions).toEqual([1]);
    expect([two.members.hasPin('pin'), one.members.hasPin('pin')]).toEqual([true, false]);
    one.partitions.push(2);
    one.members.tell();
    expect(two.said).toEqual(['change', 'change']);
    one.members.leave();
    expect([ids(two.members), two.members.hasPin('pin'), two.said.length]).toEqual([['two'], false, 3]);
    two.members.leave();
    expect(clock.pending).toBe(0);
  });

  it('a member that may not speak says so, and that it may again once it hears itself', () => {
    const { members, said } = member(new Subject(), new ManualClock(), 'one', []);
    members.tell();
    members.denied(new Error('no'));
    expect(said).toEqual(['denied']);
    members.tell();
    members.tell();
    expect(said).toEqual(['denied', 'heard']);
    members.leave();
  });

  it('a member that is silent for three seconds is gone; it is back with its next word', async () => {
    const [clock, subject] = [new ManualClock(), new Subject()];
    const one = member(subject, clock, 'one', []);
    const two = member(subject, clock, 'two', []);
    one.link.cut = true;
    for (let second = 1; second <= 2; second++) await clock.advance(1_000);
    expect(ids(two.members)).toEqual(['two', 'one']);
    for (let second = 1; second <= 2; second++) await clock.advance(1_000);
    expect(ids(two.members)).toEqual(['two']);
    one.link.cut = false;
    await clock.advance(1_000);
    expect(ids(two.members)).toEqual(['two', 'one']);
    one.members.leave();
    two.members.leave();
  });

  it('a member that slept takes nobody for gone before it could hear of them, and says that it was silent', async () => {
    const [clock, subject] = [new ManualClock(), new Subject()];
    const one = member(subject, clock, 'one', []);
    const two = member(subject, clock, 'two', []);
    two.link.cut = true;
    clock.block(60_000);
    await clock.advance(1);
    expect([one.said.at(-1), ids(one.members)]).toEqual(['silence', ['one', 'two']]);
    two.link.cut = false;
    await clock.advance(10_000);
    expect([ids(one.members), ids(two.members)]).toEqual([
      ['one', 'two'],
      ['two', 'one'],
    ]);
    one.members.leave();
    two.members.leave();
  });

  it('what cannot be read is no word', () => {
    const [clock, subject] = [new ManualClock(), new Subject()];
    const one = member(subject, clock, 'one', []);
    subject.link().connection.publish('s', JSON.stringify({ id: 'x' }));
    subject.link().connection.publish('s', 'null');
    expect([ids(one.members), one.said]).toEqual([['one'], []]);
    one.members.leave();
  });
});
