/** What goes wrong between core and the driver, before anything reaches the network. */
import { PublishError } from '@ebus/core';
import { findHeader, type HeaderList, headerText } from '@ebus/core/driver';
import type { MemberParts } from '../brokers/member.js';
import { SimAdmin } from '../brokers/sim-admin.js';
import type { SimDriverOptions } from '../brokers/sim-driver.js';
import { hasLeases } from '../plan/plan.js';
import { randomOf } from '../time/random.js';
import type { World } from './world.js';

const INTERNAL = 'the bus itself';
/** 256 letters and as many redriven ones. */
const MOST_INTERNAL = 512;

/** The options of a process's driver, with faults drawn from the plan's seed. */
export function driverOptions(
  { plan, sends, history, server, topicsThere }: World,
  parts: MemberParts,
): Omit<SimDriverOptions, 'saysConnected'> {
  const random = randomOf(plan.seed, 'sends', parts.name);
  const resuming = randomOf(plan.seed, 'resumed', parts.name);
  const { ways } = plan;
  const passing = () => {
    history.count('send: refused');
    return new PublishError('the broker is busy', { retryable: true });
  };
  const final = () => {
    history.count('send: too large');
    return new PublishError('larger than the topic takes', { code: 'MESSAGE_TOO_LARGE', retryable: false });
  };
  return {
    ...{ server, parts, random: randomOf(plan.seed, 'driver', parts.name) },
    admin: ways.admin
      ? new SimAdmin({ parts, there: topicsThere, isRoute: ways.moves && hasLeases(plan.broker) })
      : undefined,
    batches: ways.batches,
    saysResumed: () => resuming.chance(0.7),
    refuse: ({ topic }) => {
      if (!isLetterTopic(topic)) return random.chance(sends.refused) ? passing() : undefined;
      if (random.chance(sends.letterTooLarge)) return final();
      return random.chance(sends.letterRefused) ? passing() : undefined;
    },
    // Letters, and what is redriven, have places of their own.
    kindOf: ({ topic, headers }) =>
      isLetterTopic(topic) || isRedriven(headers) ? INTERNAL : 'the application',
    sending: (kind, open) => {
      const most = kind === INTERNAL ? MOST_INTERNAL : plan.settings.maxInFlight;
      if (open > most)
        history.problem('bounds', `${open} sends of ${kind} at once at ${parts.name}, ${most} are allowed`);
    },
  };
}

/** True for dead-letter topics, by the default name. */
export const isLetterTopic = (topic: string) => topic.endsWith('.dlq');
/** The default dead-letter topic. */
export const letterTopicOf = (topic: string) => `${topic}.dlq`;
/** True for what is about a parked key and is no message: how far it was handled, or that it is to be redriven. */
export function isParkNote(headers: HeaderList): boolean {
  const park = findHeader(headers, 'X-Ebus-Park');
  const isNote = park !== undefined && !headerText(park).startsWith('{"kind":"letter"');
  return isNote || findHeader(headers, 'X-Ebus-Redrive') !== undefined;
}
/** True for a letter of a parked key. */
export const isParked = (headers: HeaderList) => findHeader(headers, 'X-Ebus-Park') !== undefined;
/** True for a message that a redrive published. */
export const isRedriven = (headers: HeaderList) =>
  headers.some(([name]) => name.toLowerCase() === 'x-redrive-group');
