import { expect, it } from 'vitest';
import type { Snapshot } from '../types.js';
import { lagId, MOST_VALUES, rateId, remember } from './history.js';
import { lostVerdict, standingKeys, totalLag, verdictOf, waitingLetters } from './summary.js';

const AT = '2026-01-01T00:00:00.000Z';
const group = { group: 'shop', byEbus: true, members: 1, lag: 7, unsettled: 0 };
const topic = { name: 'orders', messages: 1, bytes: 1, partitions: 1, groups: [group] };
const letters = { ...topic, name: 'orders.dlq', waiting: 2, groups: [] };

function snapshotOf(changes: Partial<Snapshot> = {}): Snapshot {
  return {
    ...{ at: AT, service: 'shop', transport: 'memory', allowActions: true },
    connection: { status: 'connected', since: AT },
    health: { state: 'ok', at: AT, value: { status: 'healthy', draining: false, checks: [] } },
    ...{ subscriptions: [], halted: [], haltedMore: 0, jobs: [] },
    broker: { state: 'ok', at: AT, value: { topics: [topic], more: 0 } },
    parked: { state: 'ok', at: AT, value: [] },
    ...changes,
  };
}

it('says how old it is while its server is away', () => {
  const reasons = ['the server could not be reached', 'all of this page is as of 00:00:00 UTC'];
  expect(lostVerdict(snapshotOf(), reasons[0])).toMatchObject({ status: 'unknown', reasons });
});

it('tells the worst first', () => {
  const check = { name: 'consumers', status: 'degraded' as const, reason: '1 halted' };
  const health = (status: 'healthy' | 'degraded' | 'unhealthy', draining = false) =>
    ({ state: 'ok', at: AT, value: { status, draining, checks: [check] } }) as const;
  const broker = { state: 'ok', at: AT, value: { topics: [letters], more: 0 } } as const;
  expect(verdictOf(snapshotOf())).toEqual({ status: 'healthy', sentence: 'Everything works', reasons: [] });
  expect(verdictOf(snapshotOf({ broker })).sentence).toMatch(/2 dead letters/);
  expect(verdictOf(snapshotOf({ health: health('degraded') }))).toMatchObject({
    status: 'degraded',
    reasons: ['consumers: 1 halted'],
  });
  expect(verdictOf(snapshotOf({ health: health('unhealthy') })).status).toBe('unhealthy');
  expect(verdictOf(snapshotOf({ health: health('healthy', true) })).sentence).toMatch(/shutting down/);
  expect(verdictOf(snapshotOf({ health: { state: 'waiting' } })).status).toBe('unknown');
  expect(verdictOf(snapshotOf({ health: { state: 'failed', reason: 'late' } })).reasons).toEqual(['late']);
  const connection = { status: 'reconnecting', since: AT, error: 'refused' };
  expect(verdictOf(snapshotOf({ connection }))).toMatchObject({ status: 'unhealthy', reasons: ['refused'] });
});

it('adds up', () => {
  const broker = {
    state: 'failed',
    reason: 'away',
    at: AT,
    value: { topics: [topic, letters], more: 0 },
  } as const;
  const one = snapshotOf({ broker, haltedMore: 3 });
  expect([totalLag(one), waitingLetters(one), standingKeys(one)]).toEqual([7, 2, 3]);
  expect(waitingLetters(snapshotOf({ broker: { state: 'waiting' } }))).toBe(0);
});

it('remembers the last figures of what is still there', () => {
  let values = remember(new Map([['lag gone x', [1]]]), snapshotOf());
  for (let i = 0; i < 200; i++) values = remember(values, snapshotOf());
  expect([...values.keys()]).toEqual([lagId('orders', 'shop')]);
  expect(values.get(lagId('orders', 'shop'))).toHaveLength(MOST_VALUES);
  expect(values.has(rateId('orders', 'shop'))).toBe(false);
});
