/** The conformance suite on a shared server, and on one that it may break. */
import { fileURLToPath } from 'node:url';
import { type Harness, runConformance } from '@ebus/conformance';
import { programOf } from '@ebus/run-source';
import { sharedService } from '@ebus/services';
import { describe, it, vi } from 'vitest';
import { nats } from '../index.js';
import { NatsBroker } from './nats-broker.js';
import { NatsLog } from './nats-log.js';

const program = programOf(fileURLToPath(new URL('conformance-process.ts', import.meta.url)));

const INVALID_TOPICS = ['a..b', '.a', 'a.', 'a.*', '>'];

const LATE_WORD = 'JetStream takes the word of a former holder for that of the present one';
const lateWord = (how: string) =>
  `leases: what a member has lost and says is ${how} changes nothing for the one that has it now: no two of an aggregate at once`;

/** Only servers with a single active client promise order across members. */
const KNOWN_TO_FAIL = {
  [lateWord('handled')]: LATE_WORD,
  [lateWord('handed back')]: LATE_WORD,
  'leases: a member that lost its lease is told: the signal of its handler aborts': {
    reason: 'JetStream tells nobody that a delivery was given to another member',
    sometimes: true,
  },
} as const;

export async function conformanceOf(
  version: 'current' | '2.9',
  persistence: 'persistent' | 'ephemeral',
  groups?: NonNullable<Parameters<typeof runConformance>[2]>['groups'],
): Promise<void> {
  vi.setConfig({ testTimeout: 90_000 });
  const { addresses } = await sharedService('nats', { version });
  const harness: Harness = {
    name: `nats ${version}, ${persistence === 'persistent' ? 'JetStream' : 'Core NATS'}`,
    persistence,
    transport: nats,
    config: {
      type: 'nats',
      nats: { urls: [...addresses], jetstream: { ackWait: '2s', stream: { storage: 'memory' } } },
    },
    log: new NatsLog(() => addresses[0] as string),
    broker: new NatsBroker(version),
    program,
    // A single active client that falls silent is replaced after ten seconds.
    patience: '20s',
    leases: { ms: 1_000, config: { nats: { jetstream: { ackWait: '1s' } } } },
    invalidTopics: INVALID_TOPICS,
    ...(version === 'current' && persistence === 'persistent' ? { knownToFail: KNOWN_TO_FAIL } : {}),
  };
  await runConformance({ describe, it }, harness, groups === undefined ? {} : { groups });
}
