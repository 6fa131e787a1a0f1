/** Writers and relays at once, some of which fail, release, or die with what they hold. */
import assert from 'node:assert/strict';
import type { ClaimedEvent } from '../../event/outbox-event.js';
import type { Scenario } from '../scenario.js';
import type { Group } from '../suite.js';

const AGGREGATES = 8;
const VERSIONS = 25;
const WORKERS = 4;

/** Several writers and relays at once: every event is published, each aggregate in order. */
export const concurrency: Group = ({ test, testConcurrent }) => {
  test('relays that die and fail publish everything, each aggregate in order', async (scenario) => {
    for (let version = 1; version <= VERSIONS; version++) await scenario.save(...namesOfRound(version));
    await relayAll(scenario, Promise.resolve());
  });

  testConcurrent('the same while transactions go on', async (scenario) => {
    const writing = Promise.all(
      Array.from({ length: AGGREGATES }, async (_, aggregate) => {
        for (let version = 1; version <= VERSIONS; version++)
          await scenario.save(`aggregate-${aggregate}:${version}`);
      }),
    );
    await relayAll(scenario, writing);
  });
};

function namesOfRound(version: number): string[] {
  return Array.from({ length: AGGREGATES }, (_, aggregate) => `aggregate-${aggregate}:${version}`);
}

/** Publishes with workers that do it badly, until nothing is left; then looks at what was published first. */
async function relayAll<Tx>(scenario: Scenario<Tx>, written: Promise<unknown>): Promise<void> {
  const sent = new Map<string, number[]>();
  let writing = true;
  const done = written.finally(() => {
    writing = false;
  });
  const workers = Array.from({ length: WORKERS }, (_, i) => work(scenario, i, sent, () => writing));
  await Promise.all([done, ...workers]);
  assert.equal(sent.size, AGGREGATES);
  for (const [aggregate, versions] of sent) {
    const first = [...new Set(versions)];
    assert.deepEqual(
      first,
      Array.from({ length: VERSIONS }, (_, i) => i + 1),
      `${aggregate} was published in the order ${first.join(', ')}`,
    );
  }
}

async function work<Tx>(
  { store }: Scenario<Tx>,
  seed: number,
  sent: Map<string, number[]>,
  writing: () => boolean,
): Promise<void> {
  for (let round = seed; ; round++) {
    const claimed = await store.claim(1 + (round % 7), round % 5 === 0 ? 1 : 2000);
    if (claimed.length === 0) {
      if (!writing() && (await store.stats()).pending === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 2));
      continue;
    }
    // One in five dies with what it holds, one in five fails in the middle, one hands everything back.
    const fate = round % 5;
    if (fate === 1) {
      await store.release(claimed);
      continue;
    }
    const reached = fate === 2 ? Math.floor(claimed.length / 2) : claimed.length;
    const published = claimed.slice(0, reached);
    for (const event of published) publish(event, sent);
    if (fate === 0) continue;
    await store.markPublished(published);
    const [failed, ...rest] = claimed.slice(reached);
    if (failed === undefined) continue;
    const { id, token } = failed;
    await store.recordError([{ id, token, error: 'refused', delay: 1, counts: false, final: false }]);
    await store.release(rest);
  }
}

function publish({ envelope }: ClaimedEvent, sent: Map<string, number[]>): void {
  const versions = sent.get(envelope.aggregateId);
  if (versions === undefined) sent.set(envelope.aggregateId, [envelope.eventVersion]);
  else versions.push(envelope.eventVersion);
}
