/** Stores that are broken in one way each: the suite notices. */
import { describe, expect, it } from 'vitest';
import type { ClaimedEvent, OutboxEvent } from '../event/outbox-event.js';
import type { MemoryOutboxStore } from '../memory/memory-outbox-store.js';
import { type MemoryTransaction, memoryTransaction } from '../memory/memory-transaction.js';
import type { OutboxStore } from '../store.js';
import { memoryHarness } from '../testing/memory-harness.js';
import { runStoreSuite } from './index.js';

type Store = OutboxStore<MemoryTransaction>;

/** What a broken store does otherwise than memory, and the tests that must notice. */
const mutants: Record<
  string,
  { change: (store: MemoryOutboxStore) => Partial<Store>; group: string; notices: RegExp }
> = {
  'ignores the order of an aggregate': {
    change: (store) => {
      const real = new Map<string, string>();
      return {
        save: (tx, ...events) =>
          store.save(tx, ...events.map((event, i) => withAggregate(event, disguise(event, i)))),
        claim: async (limit, lease) =>
          (await store.claim(limit, lease)).map((event) => withAggregate(event, real.get(event.id) ?? '')),
      };
      function disguise({ envelope }: OutboxEvent, i: number): string {
        real.set(envelope.eventId, envelope.aggregateId);
        return `${envelope.eventId}-${i}`;
      }
    },
    group: 'order',
    notices: /what follows a leased event waits/,
  },
  'does not renew leases': {
    change: () => ({ renew: async (leases) => leases.map(({ id }) => id) }),
    group: 'leases',
    notices: /a lease that was renewed stands longer/,
  },
  'marks events when they are claimed, before they are acknowledged': {
    change: (store) => ({
      claim: async (limit, lease) => {
        const events = await store.claim(limit, lease);
        await store.markPublished(events);
        return events;
      },
      markPublished: async (leases) => leases.map(({ id }) => id),
    }),
    group: 'leases',
    notices: /what was claimed and not marked comes again/,
  },
  'takes only positions above the last one': {
    change: (store) => {
      let last = 0;
      return {
        claim: async (limit, lease) => {
          const events = await store.claim(limit, lease);
          const newer = events.filter(({ position }) => position > last);
          last = Math.max(last, ...newer.map(({ position }) => position));
          return newer;
        },
      };
    },
    group: 'transactions',
    notices: /commit in another order than they wrote are all there/,
  },
  'does not fence': {
    change: (store) => {
      const tokens = new Map<string, string>();
      return {
        claim: async (limit, lease) => {
          const events = await store.claim(limit, lease);
          for (const { id, token } of events) tokens.set(id, token);
          return events;
        },
        markPublished: (leases) =>
          store.markPublished(leases.map(({ id, token }) => ({ id, token: tokens.get(id) ?? token }))),
      };
    },
    group: 'leases',
    notices: /who lost a lease can neither mark/,
  },
  'never lets leases run out': {
    change: (store) => ({ claim: (limit) => store.claim(limit, 1e9) }),
    group: 'leases',
    notices: /comes again once the lease ran out/,
  },
  'shows events before the commit': {
    change: (store) => ({
      save: (_tx, ...events) => memoryTransaction((own) => store.save(own, ...events)),
    }),
    group: 'saving',
    notices: /rolled back leaves nothing/,
  },
  'counts every failure': {
    change: (store) => ({
      recordError: (failures) => store.recordError(failures.map((failure) => ({ ...failure, counts: true }))),
    }),
    group: 'failures',
    notices: /tells how often it failed/,
  },
  'forgets to hold the aggregate of a failed event': {
    change: (store) => ({
      recordError: async (failures) => {
        await store.recordError(failures);
        for (const { id, final } of failures) if (final) await store.skip(id);
      },
    }),
    group: 'order',
    notices: /what follows a failed event waits/,
  },
};

describe('the suite notices a store that', () => {
  it.each(Object.entries(mutants))('%s', { timeout: 60_000 }, async (_name, { change, group, notices }) => {
    const failed = await failures(group, (store) => {
      const changed = change(store);
      return new Proxy(store as Store, {
        get: (target, name) => {
          const own = (changed as Record<PropertyKey, unknown>)[name];
          if (own !== undefined) return own;
          const inherited: unknown = Reflect.get(target, name, target);
          return typeof inherited === 'function' ? inherited.bind(target) : inherited;
        },
      });
    });
    expect(failed).toContainEqual(expect.stringMatching(notices));
  });

  it('is not broken: none', async () => {
    expect(await failures(undefined, (store) => store)).toEqual([]);
  });
});

function withAggregate<T extends OutboxEvent | ClaimedEvent>(event: T, aggregateId: string): T {
  return { ...event, envelope: { ...event.envelope, aggregateId } };
}

/** The titles of the tests of a group that fail, or of all groups but the one that tries for as long as it may. */
async function failures(
  only: string | undefined,
  change: (store: MemoryOutboxStore) => Store,
): Promise<string[]> {
  const tests: { title: string; body: () => Promise<void> }[] = [];
  let group = '';
  const describeGroup = (name: string, body: () => void) => {
    group = name;
    body();
  };
  const define = (title: string, body: () => Promise<void>) => {
    if (only === undefined ? group !== 'concurrency' : group === only) tests.push({ title, body });
  };
  const runner = { describe: describeGroup, it: Object.assign(define, { skip: () => {} }) };
  runStoreSuite(runner, { ...memoryHarness(change), patience: 300 });
  const failed: string[] = [];
  for (const { title, body } of tests) await body().catch(() => failed.push(title));
  return failed;
}
