import type { Capabilities } from '@ebus/core';
import { describe, expect, it } from 'vitest';
import { cannot, ILL, lettersRefused, mayNot, mismatch, refused, single } from '../testing/ill.js';
import {
  configured,
  ofBroker,
  ofConsumer,
  ofFigures,
  ofLetters,
  ofTopic,
  outcome,
  seen,
  soundGroup,
} from '../testing/seen.js';
import { CHECKS } from './checks/index.js';
import { CONNECTION_CHECKS, judge, noConnection } from './judge.js';
import type { Seen } from './seen.js';

const codes = (what: Seen) => judge(what).map(({ severity, code }) => `${severity} ${code}`);

describe('judge', () => {
  it('says nothing about a sound bus', () => {
    expect(judge(seen())).toEqual([]);
  });

  it.each(ILL.map(([finding, topic, over = {}]) => [finding, topic, over] as const))(
    'finds %s, and nothing else',
    (finding, topic, over) => {
      const found = judge(seen(topic, over));
      expect(found.map(({ severity, code }) => `${severity} ${code}`)).toEqual([finding]);
      expect(found.every(({ evidence, remedy }) => evidence !== '' && remedy !== '')).toBe(true);
    },
  );

  it('has a case for each check, and a code for each', () => {
    const kinds = CHECKS.map(({ severity, code }) => `${severity} ${code}`);
    expect(new Set(kinds).size).toBe(kinds.length);
    expect([...new Set(ILL.map(([finding]) => finding))].sort()).toEqual([...kinds].sort());
  });

  it('tells the values of a mismatch, and what to do', () => {
    const plan = { value: { ...outcome, action: 'mismatched', mismatches: [mismatch] } } as const;
    expect(judge(seen(ofTopic({ plan })))).toMatchObject([
      { code: 'topic-mismatch', evidence: 'replicas is 2, configured is 3', remedy: 'add a replica' },
    ]);
  });

  it('tells a broken promise once, although the plan refuses it, too', () => {
    const broken = { ...mismatch, field: 'storage', expected: 'file', actual: 'memory' };
    const plan = { value: { ...outcome, action: 'mismatched', mismatches: [broken] } } as const;
    expect(codes(seen(ofFigures({ storage: 'memory' }, { plan })))).toEqual(['error memory-storage']);
  });

  it('misses no permission that the role of a service does not need', () => {
    const publisher = ofTopic({
      groups: refused,
      reading: refused,
      deadLetters: refused,
      deadLetterTopic: lettersRefused,
    });
    expect(codes(seen(publisher, { role: 'publisher' }))).toEqual([]);
    expect(codes(seen(ofTopic({ publishing: mayNot }), { role: 'consumer' }))).toEqual([]);
  });

  it('judges the dead-letter topic as the others', () => {
    expect(judge(seen(ofLetters({ storage: 'memory' })))).toMatchObject([
      { code: 'memory-storage', about: 'orders.dlq' },
    ]);
  });

  it('judges no consumer of others, and no gap where a stream is shared', () => {
    expect(codes(seen(ofConsumer({ madeBy: 'others', maxDeliveries: 5 })))).toEqual([]);
    const partitions = [{ partition: 0, lag: 3, position: 0 }];
    const groups = { value: [{ ...soundGroup, partitions }] };
    expect(codes(seen(ofFigures({ alterable: false }, { groups })))).toEqual([]);
  });

  it('judges no promise of persistence of an ephemeral topic, and no topic that is not there', () => {
    const ephemeral = { persistence: 'ephemeral' } as const;
    expect(judge(seen(ofFigures({ storage: 'memory' }, { configured: ephemeral })))).toEqual([]);
    const missing = { error: { code: 'TOPIC_NOT_FOUND', text: 'no stream' } };
    const gone = { figures: { value: undefined }, groups: missing, reading: missing, publishing: missing };
    expect(judge(seen(ofTopic(gone)))).toEqual([]);
  });

  it('misses no store that nothing needs, and no order where nothing is kept', () => {
    const core = { settle: 'none', ordering: 'instance', inspect: true } as Capabilities;
    const ephemeral = ofTopic({ configured: { persistence: 'ephemeral' } });
    expect(codes(seen(ephemeral, { listing: cannot, capabilities: core }))).toEqual([]);
  });

  it('misses no copy, and no room, that the configuration leaves out', () => {
    expect(codes(seen(ofFigures(single, { configured: { replicas: 1 } })))).toEqual([]);
    expect(codes(seen(ofFigures({ discard: 'new' }), configured({ discardsNew: true })))).toEqual([]);
  });

  it('tells the worst first, and a refused login from a broker that is away', () => {
    const alone = ofBroker({ brokers: 1 });
    expect(codes(seen(ofFigures({ ...single, storage: 'memory' }), alone))).toEqual([
      'error memory-storage',
      'info one-replica',
    ]);
    expect(noConnection('CONNECTION_FAILED', 'Authorization Violation').code).toBe('login-refused');
    expect(noConnection('UNAUTHORIZED', 'refused').code).toBe('login-refused');
    // The name of a host says nothing.
    for (const where of ['127.0.0.1:4222', 'nats://auth.example:4222', 'sasl-1.example:9092'])
      expect(noConnection('CONNECTION_FAILED', `ECONNREFUSED ${where}`).code).toBe('no-connection');
    expect(CONNECTION_CHECKS.map(({ code }) => code)).toEqual(['no-connection', 'login-refused']);
  });
});
