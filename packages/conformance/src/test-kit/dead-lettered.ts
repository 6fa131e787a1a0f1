/** Messages that were dead-lettered, for tests that publish them back. */
import type { DeadLetter, EventBus, Message, Subscription } from '@ebus/core';
import type { Scenario } from './scenario.js';

/** A subscription that fails until it is repaired. */
export interface Patient {
  readonly subscription: Subscription;
  readonly handled: Message[];
  repair(): void;
}

/** Has another service put the letter of a message of `topic` into that dead-letter topic. */
export async function strayLetter(
  t: Scenario,
  topic: string,
  deadLetterTopic: string,
  text: string,
): Promise<void> {
  const bus = await t.bus();
  const how = {
    deadLetterTopic,
    maxRetries: 0,
    onExhausted: 'dead-letter',
    group: `${t.service}-stranger`,
  } as const;
  const subscription = await bus.subscribe(topic, () => Promise.reject(new Error('broken')), how);
  await bus.publish(topic, text);
  await t.eventually(() => subscription.stats().deadLettered === 1);
  await bus.close({ timeout: 500 });
}

/** Publishes one more message that the subscription dead-letters. */
export async function failAgain(
  t: Scenario,
  bus: EventBus,
  { subscription }: Patient,
  text: string,
): Promise<void> {
  const before = subscription.stats().deadLettered;
  await bus.publish(t.topic, text, { key: 'order-1', headers: { tag: ['a', 'b'] } });
  await t.eventually(() => subscription.stats().deadLettered === before + 1);
}

/** Publishes messages that a subscription dead-letters, in order. */
export async function failed(t: Scenario, bus: EventBus, sent: readonly string[]): Promise<Patient> {
  let broken = true;
  const handled: Message[] = [];
  const subscription = await bus.subscribe(
    t.topic,
    (message) => {
      if (broken) throw new Error('broken');
      handled.push(message);
    },
    { maxRetries: 0, onExhausted: 'dead-letter', concurrency: 1 },
  );
  const patient: Patient = {
    subscription,
    handled,
    repair: () => {
      broken = false;
    },
  };
  for (const text of sent) await failAgain(t, bus, patient, text);
  return patient;
}

/** The values of letters, as text. */
export const textsOf = (letters: readonly DeadLetter[]): string[] =>
  letters.map(({ message }) => message.text());
