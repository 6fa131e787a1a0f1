/** A relay over the memory store and a scripted bus, on a clock that a test moves. */
import type { Logger } from '@ebus/core';
import { ManualClock } from '../../../core/src/testing/manual-clock.js';
import { MemoryOutboxStore } from '../memory/memory-outbox-store.js';
import { memoryTransaction } from '../memory/memory-transaction.js';
import { OutboxRelay } from '../relay/outbox-relay.js';
import type { OutboxRelayOptions } from '../relay/relay-options.js';
import type { OutboxStore } from '../store.js';
import { eventOf } from '../store-suite/scenario.js';
import { activeTrace } from '../trace-context.js';
import { ScriptedBus } from './scripted-bus.js';

// Loads what relays load lazily, which takes turns of the event loop.
await activeTrace();

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly text: string;
}

export class RelayScenario {
  readonly clock = new ManualClock();
  readonly bus = new ScriptedBus();
  readonly store = new MemoryOutboxStore({ clock: this.clock });
  readonly log: LogLine[] = [];
  /** How often each method of the store was called. */
  readonly calls: Record<string, number> = {};
  /** Fails calls of the store while it returns an error. */
  broken: (method: string) => Error | undefined = () => undefined;

  /** `'a1'` is version 1 of the aggregate `a`. */
  save(...names: string[]): Promise<void> {
    return memoryTransaction((tx) => this.store.save(tx, ...names.map((name) => eventOf(name))));
  }

  relay(options: Partial<OutboxRelayOptions> = {}): OutboxRelay {
    return new OutboxRelay({
      bus: this.bus.asBus,
      store: this.#watched(),
      clock: this.clock,
      logger: this.#logger(),
      ...options,
    });
  }

  /** Lets everything happen that needs no time. */
  settle(): Promise<void> {
    return this.clock.advance(0);
  }

  status(name: string): string | undefined {
    return this.store
      .rows()
      .find(({ envelope }) => `${envelope.aggregateId}${envelope.eventVersion}` === name)?.status;
  }

  #watched(): OutboxStore<never> {
    return new Proxy(this.store as OutboxStore<never>, {
      get: (store, name: string) => {
        const method: unknown = Reflect.get(store, name, store);
        if (typeof method !== 'function') return method;
        return (...values: unknown[]) => {
          this.calls[name] = (this.calls[name] ?? 0) + 1;
          const error = this.broken(name);
          if (error !== undefined && name !== 'watch') return Promise.reject(error);
          return method.apply(store, values);
        };
      },
    });
  }

  #logger(): Logger {
    const write =
      (level: LogLine['level']) =>
      (...args: unknown[]) =>
        void this.log.push({ level, text: args.filter((arg) => typeof arg === 'string').join(' ') });
    return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  }
}
