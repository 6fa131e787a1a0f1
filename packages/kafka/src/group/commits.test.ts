import { EbusError } from '@ebus/core/driver';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../core/src/testing/manual-clock.js';
import { Commits } from './commits.js';
import { type Commit, Partition } from './partition.js';
import { at, message, recorder } from './testing/fakes.js';

const never = new AbortController().signal;

function committing() {
  const clock = new ManualClock();
  const { lines, logger } = recorder();
  const sent: Commit[][] = [];
  let asked = 0;
  let isConnected = true;
  const committer = {
    commit: (commits: Commit[]) => {
      if (!isConnected) throw new Error('Client is disconnected');
      sent.push(commits);
    },
  };
  const commits = new Commits(committer, { clock, logger, group: 'billing', onAsking: () => void asked++ });
  return {
    clock,
    lines,
    sent,
    commits,
    asked: () => asked,
    cut: () => {
      isConnected = false;
    },
  };
}

/** With something to commit. */
function settled(id = 0, count = 1): Partition {
  const partition = new Partition({ topic: 'orders', partition: id });
  partition.position('id', at(0));
  for (let offset = 0; offset < count; offset++) {
    const delivery = partition.receive(message('orders', id, offset));
    if (delivery !== undefined) partition.settle(delivery.tracker, delivery.handle);
  }
  return partition;
}

const outcome = (work: Promise<unknown>) => {
  const seen: { done?: boolean; error?: unknown } = {};
  work.then(
    () => {
      seen.done = true;
    },
    (error: unknown) => {
      seen.error = error;
    },
  );
  return seen;
};

describe('a commit', () => {
  it('is known by the broker’s answer, and polling is asked for to bring it', async () => {
    const { commits, sent, clock, asked } = committing();
    const partition = settled();
    const seen = outcome(commits.commit([partition], never));
    await clock.advance(0);
    expect([sent.length, asked(), seen.done]).toEqual([1, 1, undefined]);
    commits.answered(null, sent[0] ?? []);
    await clock.advance(0);
    expect(seen.done).toBe(true);
    expect(partition.isCommitted).toBe(true);
  });

  it('of nothing asks nothing', async () => {
    const { commits, sent } = committing();
    await commits.commit([new Partition({ topic: 'orders', partition: 0 })], never);
    expect(sent).toEqual([]);
  });

  it('waits for the one before it, and has what was settled meanwhile', async () => {
    const { commits, sent, clock } = committing();
    const [one, two] = [settled(0), settled(1)];
    const first = outcome(commits.commit([one], never));
    const second = outcome(commits.commit([one, two], never));
    await clock.advance(0);
    expect(sent).toHaveLength(1);
    commits.answered(null, sent[0] ?? []);
    await clock.advance(0);
    expect(first.done).toBe(true);
    expect(sent[1]?.map(({ partition }) => partition)).toEqual([1]);
    commits.answered(null, sent[1] ?? []);
    await clock.advance(0);
    expect(second.done).toBe(true);
  });

  it('is tried again where its failure passes, and rejects where it does not', async () => {
    const { commits, sent, clock } = committing();
    const partition = settled();
    const rebalancing = Object.assign(new Error('Broker: Group rebalance in progress'), { code: 27 });
    const seen = outcome(commits.commit([partition], never));
    await clock.advance(0);
    commits.answered(rebalancing, []);
    await clock.advance(200);
    expect(sent).toHaveLength(2);
    expect(commits.failingSince).toBeDefined();
    const denied = Object.assign(new Error('Broker: Group authorization failed'), { code: 30 });
    commits.answered(denied, []);
    await clock.advance(0);
    expect(seen.error).toBe(denied);
  });

  it.each([
    ['for all', Object.assign(new Error('Broker: …'), { code: 12 }), []],
    ['for one', null, [new Error('Broker: Offset metadata string too large')]],
  ])(
    'is tried again without metadata where the broker takes no metadata of that size, said %s',
    async (_, error, list) => {
      const { commits, sent, clock } = committing();
      const partition = settled(0, 3);
      partition.receive(message('orders', 0, 3));
      const last = partition.receive(message('orders', 0, 4));
      if (last !== undefined) partition.settle(last.tracker, last.handle);
      outcome(commits.commit([partition], never));
      await clock.advance(0);
      expect(sent[0]?.[0]?.metadata.length).toBeGreaterThan('ebus:1:id:'.length);
      commits.answered(error, list);
      await clock.advance(200);
      expect(sent[1]?.[0]).toMatchObject({ offset: 3, metadata: 'ebus:1:id:' });
    },
  );

  it('of several is stored as far as the broker says so', async () => {
    const { commits, sent, clock } = committing();
    const [one, two] = [settled(0), settled(1)];
    outcome(commits.commit([one, two], never));
    await clock.advance(0);
    commits.answered(null, [sent[0]?.[0], new Error('Broker: Unknown topic')]);
    await clock.advance(0);
    expect([one.isCommitted, two.isCommitted]).toEqual([true, false]);
  });

  it('without an answer fails after a while, and nothing is sent before the answer came: it would be taken for another’s', async () => {
    const { commits, sent, clock } = committing();
    const partition = settled();
    const seen = outcome(commits.commit([partition], never));
    await clock.advance(30_000);
    expect([sent.length, commits.isUnanswered, seen.done]).toEqual([1, true, undefined]);
    expect(commits.failingSince).toBeDefined();
    commits.answered(Object.assign(new Error('Broker: Not coordinator'), { code: 16 }), []);
    await clock.advance(200);
    expect(sent).toHaveLength(2);
    commits.answered(null, sent[1] ?? []);
    await clock.advance(0);
    expect([partition.isCommitted, commits.isUnanswered, seen.done]).toEqual([true, false, true]);
  });

  it('ends with its signal, with a closed consumer, and with one that is not connected', async () => {
    const { commits, clock, cut } = committing();
    const ending = new AbortController();
    const aborted = outcome(commits.commit([settled()], ending.signal));
    await clock.advance(0);
    ending.abort();
    await clock.advance(0);
    expect(aborted.error).toMatchObject({ code: 'ABORTED' });
    const closed = outcome(commits.commit([settled()], never));
    commits.close();
    await clock.advance(0);
    expect(closed.done === true || EbusError.isInstance(closed.error)).toBe(true);
    const gone = committing();
    gone.cut();
    const refused = outcome(gone.commits.commit([settled()], never));
    await gone.clock.advance(0);
    expect(refused.error).toMatchObject({ message: 'Client is disconnected' });
    cut();
  });
});

describe('committing now and then', () => {
  it('says what was refused, and leaves a request that is under way alone', async () => {
    const { commits, sent, lines, clock } = committing();
    let done = 0;
    const tick = () => commits.tick([settled()], never, () => void done++);
    tick();
    await clock.advance(0);
    tick();
    await clock.advance(0);
    expect(sent).toHaveLength(1);
    commits.answered(null, sent[0] ?? []);
    await clock.advance(0);
    expect(done).toBe(1);
    tick();
    await clock.advance(0);
    commits.answered(Object.assign(new Error('Broker: Group authorization failed'), { code: 30 }), []);
    await clock.advance(0);
    expect(lines).toEqual([
      "warn: Kafka refused a commit of group 'billing': Broker: Group authorization failed",
    ]);
  });
});
