/** Looks at everything that the doctor judges. Changes nothing. */
import { EbusError, type EventBus, systemClock, type TopicOptions } from '@ebus/core';
import { reasonOf } from '@ebus/core/driver';
import type { Session } from '../session.js';
import { type Answer, MOST_LETTERS, type Seen, type SeenTopic } from './seen.js';

export async function lookAround({ bus, settings, io }: Session, topics: readonly string[]): Promise<Seen> {
  const { config } = settings;
  const section = (config as unknown as Record<string, Section | undefined>)[config.type] ?? {};
  const names = topics.length > 0 ? topics : Object.keys(settings.topics);
  const seen: SeenTopic[] = [];
  for (const name of names) seen.push(await lookAt(bus, name, settings.topics[name], io.signal));
  return {
    transport: config.type,
    serviceName: config.serviceName,
    addresses: [section.urls, section.brokers].flat().filter((address) => address !== undefined),
    isSecured: section.security?.enabled === true,
    nodeVersion: process.version,
    now: systemClock.now(),
    capabilities: bus.capabilities(),
    listing: await answer(bus.inspect.topics({ signal: io.signal })),
    topics: seen,
  };
}

interface Section {
  readonly urls?: readonly string[];
  readonly brokers?: readonly string[];
  readonly security?: { readonly enabled?: boolean };
}

async function lookAt(
  bus: EventBus,
  name: string,
  configured: TopicOptions | undefined,
  signal: AbortSignal,
): Promise<SeenTopic> {
  const letters = async () => {
    const all = await bus.deadLetters.list(name, { limit: MOST_LETTERS, signal });
    return { count: all.length, oldest: all[0]?.failedAt };
  };
  const planned = async () => {
    if (configured === undefined) return undefined;
    const how = { strategy: 'createOrUpdate', onMismatch: 'warn' } as const;
    return (await bus.topics.plan({ [name]: configured }, how))[0];
  };
  const read = async () => {
    for await (const _ of bus.inspect.browse(name, { limit: 1, signal })) break;
  };
  const [plan, figures, groups, reading, deadLetters] = await Promise.all([
    answer(planned()),
    answer(bus.inspect.topic(name, { signal })),
    answer(bus.inspect.groups(name, { signal })),
    answer(read()),
    answer(letters()),
  ]);
  return { name, configured, plan, figures, groups, reading, deadLetters };
}

async function answer<T>(asked: Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await asked };
  } catch (error) {
    const code = EbusError.isInstance(error) ? error.code : 'UNKNOWN';
    return { error: { code, text: reasonOf(error) } };
  }
}
