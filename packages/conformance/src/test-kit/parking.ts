/** Services whose events fail and are parked. */
import assert from 'node:assert/strict';
import type { DeadLetter, EventBus } from '@ebus/core';
import { labelOf } from './collector.js';
import type { Deferred } from './deferred.js';
import { event } from './events.js';
import type { Scenario } from './scenario.js';

type Numbered = Parameters<typeof labelOf>[0];
/** Options of a subscription that parks at the first failure. */
export const parked = { maxRetries: 0, onExhausted: 'park' } as const;

/** The handlers of one service: of all its instances. */
export class Service {
  readonly handled: string[] = [];
  /** Labels that fail. */
  readonly broken = new Set<string>();
  /** Labels whose handler waits. */
  readonly gates = new Map<string, Deferred>();
  readonly started: string[] = [];

  readonly handle = async (envelope: Numbered): Promise<void> => {
    const label = labelOf(envelope);
    this.started.push(label);
    await this.gates.get(label)?.promise;
    if (this.broken.has(label)) throw new Error(`${label} is broken`);
    this.handled.push(label);
  };

  of(aggregateId: string): string[] {
    return this.handled.filter((label) => label.startsWith(`${aggregateId}#`));
  }
}

/** The numbers of the events in letters. */
export const idsOf = (letters: readonly DeadLetter[]) =>
  letters.map(({ message }) => message.json<{ payload: { sequence: number } }>().payload.sequence);

/** Publishes events of an aggregate, one after the other. */
export async function publish(
  bus: EventBus,
  t: Scenario,
  aggregateId: string,
  ...sequences: number[]
): Promise<void> {
  for (const sequence of sequences) await bus.publishEnvelope(t.topic, event(aggregateId, sequence));
}

/** Letters are in the dead-letter topic, and nothing else is under way. */
export async function waiting(t: Scenario, bus: EventBus, ...sequences: number[]): Promise<void> {
  await t.eventually(async () => {
    assert.deepEqual(idsOf(await bus.deadLetters.list(t.topic)), sequences);
  });
}
