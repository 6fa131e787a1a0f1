/** The way of health probes: the same as that of the bus's other messages. */
import type { Clock } from '../clock.js';
import type { Subscriptions } from '../consume/subscriptions.js';
import type { Driver } from '../driver/driver.js';
import { ConnectionError } from '../errors.js';
import type { Outbound } from '../publish/outbound.js';
import { usingOwnTopic } from '../publish/own-topic.js';
import type { BusTopicManager } from '../topics/topic-manager.js';
import { anySignal } from '../util/any-signal.js';
import { randomUuid } from '../util/uuid.js';
import { within } from '../util/waiting.js';

/** The topic of the probes, their time limit, and the bus that carries them. */
export interface ProbeTransportOptions {
  readonly clock: Clock;
  readonly serviceName: string;
  readonly driver: Driver;
  readonly topics: BusTopicManager;
  readonly outbound: Outbound;
  readonly subscriptions: Subscriptions;
  readonly topic: string;
  /** Milliseconds for sending one. */
  limit(): number;
}

/** Sends probes and subscribes to them, through the bus itself. */
export function probeTransport({
  clock,
  serviceName,
  driver,
  topics,
  outbound,
  subscriptions,
  topic,
  limit,
}: ProbeTransportOptions) {
  async function publish(
    messageId: string,
    json: string,
    timeout: number,
    stopped: AbortSignal,
  ): Promise<void> {
    await usingOwnTopic(topics, topic, async () => {
      await topics.ensureProbeTopic(topic);
      await outbound.publishProbe(topic, json, { messageId, timeout, signal: stopped });
    });
    // Where a receipt says only that the client took it, the round trip after it says that the broker did.
    if (!driver.capabilities(topics.persistenceOf(topic)).acknowledged)
      await driver.ping({ signal: stopped });
  }

  return {
    /** Resolves with the broker's acknowledgement; rejects when aborted, or when the time is up. */
    async send(messageId: string, json: string, stopped: AbortSignal): Promise<void> {
      const timeout = limit();
      const signal = anySignal(clock.timeout(timeout), stopped);
      await within(publish(messageId, json, timeout, stopped), signal, () => {
        throw new ConnectionError(`the health probe to '${topic}' was not acknowledged within ${timeout} ms`);
      });
    },

    /** In a group of this instance's own, that leaves nothing behind. */
    async join(onProbe: (text: string) => void, signal: AbortSignal) {
      const group = `${serviceName}-health-${randomUuid(clock)}`;
      return usingOwnTopic(topics, topic, async () => {
        await topics.ensureProbeTopic(topic);
        return subscriptions.observe(topic, (message) => onProbe(message.text()), { group, signal });
      });
    },
  };
}
