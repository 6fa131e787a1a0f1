/** Processes that die or fall silent in mid-work: what they had comes again, before anything newer of its key. */
import assert from 'node:assert/strict';
import { clusterOrdering, ordering, replay, restartable } from '../requirements.js';
import type { Group } from '../suite.js';
import type { EventPayload } from '../test-kit/collector.js';
import { event } from '../test-kit/events.js';
import { History } from '../test-kit/history.js';
import type { Scenario } from '../test-kit/scenario.js';

const IDS = ['a', 'b', 'c'];

/** Publishes events of every aggregate, one sequence after the other, and remembers that they were accepted. */
async function publish(t: Scenario, history: History, from: number, to: number): Promise<void> {
  const bus = await t.bus();
  for (let sequence = from; sequence <= to; sequence++) {
    for (const id of IDS) {
      await bus.publishEnvelope(t.topic, event(id, sequence));
      history.accept(id, sequence);
    }
  }
  await bus.close();
}

/** A member in this process that handles everything. */
async function heir(t: Scenario, history: History, options = {}): Promise<void> {
  const bus = await t.bus();
  await bus.subscribeEnvelope<EventPayload>(
    t.topic,
    ({ aggregateId, payload }) => history.handle(aggregateId, payload.sequence),
    options,
  );
}

/** A killed or paused process: a successor gets its unsettled messages before newer ones of their key. */
export const crash: Group = ({ prove }) => {
  prove(
    ['program', 'leases'],
    [restartable, ordering],
    'a process that is killed in mid-handler: its successor handles what it had before newer events',
    async (t) => {
      const history = new History();
      await publish(t, history, 1, 5);
      const child = await t.spawnConsumer({ handles: 0 });
      await t.eventually(() => child.of('begun').length === IDS.length, 'a handler of each aggregate hangs');
      await child.kill();
      assert.deepEqual(
        child.of('begun').map(({ sequence }) => sequence),
        [1, 1, 1],
      );
      await publish(t, history, 6, 8);
      await heir(t, history);
      await publish(t, history, 9, 10);
      await t.eventually(() => history.isComplete, 'the successor handles everything');
      history.check();
    },
  );

  prove(
    ['program', 'leases'],
    [restartable, ordering],
    'a successor that is killed in turn, while it waits for what the first had: the third keeps the order',
    async (t) => {
      const history = new History();
      await publish(t, history, 1, 5);
      const first = await t.spawnConsumer({ handles: 0 });
      await t.eventually(() => first.of('begun').length === IDS.length, 'a handler of each aggregate hangs');
      await first.kill();
      await publish(t, history, 6, 8);
      const second = await t.spawnConsumer({ handles: 4 }, (report) => {
        if (report.kind === 'handled') history.handle(report.aggregateId, report.sequence);
      });
      await second.kill();
      await heir(t, history);
      await t.eventually(() => history.isComplete, 'the third handles the rest');
      history.check();
    },
  );

  prove(
    ['program', 'leases'],
    [restartable, clusterOrdering()],
    'a member that is killed beside another one: the other keeps the order across both',
    async (t) => {
      const history = new History();
      const child = await t.spawnConsumer({ handles: 0, options: { ordering: 'cluster' } });
      await publish(t, history, 1, 5);
      await t.eventually(() => child.of('begun').length === IDS.length, 'a handler of each aggregate hangs');
      await heir(t, history, { ordering: 'cluster' });
      await publish(t, history, 6, 8);
      await child.kill();
      await publish(t, history, 9, 10);
      await t.eventually(() => history.isComplete, 'the other member handles everything');
      history.check();
    },
  );

  prove(
    ['program', 'leases'],
    [restartable, clusterOrdering()],
    'a process that slept begins nothing more of what others have handled meanwhile',
    async (t) => {
      const history = new History();
      const begun: string[] = [];
      const options = { ordering: 'cluster' } as const;
      const task = {
        handles: 0,
        untilAborted: true,
        options: { ...options, processingTimeout: '5s' },
      } as const;
      const together = new History();
      const child = await t.spawnConsumer(task, (report) => {
        if (report.kind === 'begun') begun.push(`${report.aggregateId}#${report.sequence}`);
        if (report.kind === 'handled') together.handle(report.aggregateId, report.sequence);
      });
      await publish(t, history, 1, 5);
      await t.eventually(() => begun.length === IDS.length, 'a handler of each aggregate hangs');
      child.pause();
      await heir(t, history, options);
      await publish(t, history, 6, 8);
      await t.eventually(() => history.isComplete, 'the other member takes over');
      history.check();
      child.resume();
      await publish(t, together, 9, 12);
      await t.eventually(() => {
        const isDone = (id: string) => [history, together].some((one) => one.handled.get(id)?.includes(12));
        return IDS.every(isDone);
      }, 'both go on');
      const stale = begun.filter((one) => /#([2-8])$/.test(one));
      assert.deepEqual(stale, [], 'begun although another member had handled them');
    },
  );

  prove(
    ['program', 'leases'],
    [restartable, ordering],
    'an event loop that stood still for longer than a lease loses nothing and keeps the order',
    async (t) => {
      const history = new History();
      const child = await t.spawnConsumer({ blocksMs: t.leaseMs * 2 }, (report) => {
        if (report.kind === 'handled') history.handle(report.aggregateId, report.sequence);
      });
      await publish(t, history, 1, 5);
      await t.eventually(() => child.of('begun').length > 0, 'the event loop stands');
      await publish(t, history, 6, 8);
      await t.eventually(() => history.isComplete, 'everything is handled');
      history.check();
    },
  );

  prove(
    ['program'],
    [replay, restartable, ordering],
    "'latest' is pinned once subscribe resolved: a process killed before it settled anything loses nothing",
    async (t) => {
      const bus = await t.bus();
      const next = (sequence: number) => bus.publishEnvelope(t.topic, event('a', sequence));
      await next(1);
      const child = await t.spawnConsumer({ options: { from: 'latest' } });
      await child.kill();
      await next(2);
      const seen: number[] = [];
      const handle = ({ payload }: { payload: EventPayload }) => void seen.push(payload.sequence);
      await bus.subscribeEnvelope<EventPayload>(t.topic, handle, { from: 'latest' });
      await next(3);
      await t.eventually(() => seen.length >= 2, 'what came while no member was there is handled');
      assert.deepEqual(seen, [2, 3]);
    },
  );

  prove(
    ['program'],
    [restartable, ordering],
    'a process that is killed while it works: what it had not handled is not passed over',
    async (t) => {
      const history = new History();
      await publish(t, history, 1, 100);
      for (const handles of [60, 90]) {
        const child = await t.spawnConsumer({ handles }, (report) => {
          if (report.kind === 'handled') history.handle(report.aggregateId, report.sequence);
        });
        await t.eventually(() => child.of('handled').length >= handles, 'it handles its share, and hangs');
        await child.kill();
      }
      await heir(t, history);
      await t.eventually(() => history.isComplete, 'the survivor handles the rest');
      history.check();
    },
  );
};
