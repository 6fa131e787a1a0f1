/** A bus whose publishes end as a test says. */
import {
  type BusinessCheck,
  ConfigError,
  type Envelope,
  type EnvelopeInput,
  type PublishReceipt,
} from '@ebus/core';
import type { RelayBus } from '../relay/relay-options.js';

export interface Sent {
  readonly topic: string;
  readonly envelope: Envelope;
  readonly name: string;
  acknowledge(): void;
  refuse(error: unknown): void;
}

export class ScriptedBus {
  /** Every publish, in the order of the calls. */
  readonly sent: Sent[] = [];
  readonly checks = new Map<string, BusinessCheck>();
  status: 'connected' | 'reconnecting' | 'closed' = 'connected';
  /** What becomes of a publish at once; by default it is acknowledged. `hang` leaves it to the test. */
  answer: (sent: Sent) => 'acknowledge' | 'hang' | Error = () => 'acknowledge';
  readonly #listeners = new Map<string, Set<() => void>>();

  /** As a relay sees it. */
  get asBus(): RelayBus {
    return this as unknown as RelayBus;
  }

  readonly connection = { state: () => ({ status: this.status }) };

  readonly health = {
    register: (check: BusinessCheck) => {
      if (this.checks.has(check.name))
        throw new ConfigError(`there is a health check named '${check.name}' already`);
      this.checks.set(check.name, check);
      return () => void this.checks.delete(check.name);
    },
  };

  on(event: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  emit(event: string): void {
    for (const listener of this.#listeners.get(event) ?? []) listener();
  }

  publishEnvelope(topic: string, input: EnvelopeInput): Promise<PublishReceipt> {
    const envelope = input as Envelope;
    return new Promise((resolve, reject) => {
      const sent: Sent = {
        ...{ topic, envelope, name: `${envelope.aggregateId}${envelope.eventVersion}` },
        acknowledge: () => resolve({ topic }),
        refuse: reject,
      };
      this.sent.push(sent);
      const answer = this.answer(sent);
      if (answer === 'acknowledge') sent.acknowledge();
      else if (answer !== 'hang') sent.refuse(answer);
    });
  }

  get names(): string[] {
    return this.sent.map(({ name }) => name);
  }
}
