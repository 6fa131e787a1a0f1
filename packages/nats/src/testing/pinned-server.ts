/** A stand-in for a server with pinned consumers: for tests of members without sockets. Time is the test's. */
import { JetStreamApiError } from '@nats-io/jetstream';
import { type Msg, headers as natsHeaders } from '@nats-io/transport-node';
import type { ManualClock } from '../../../core/src/testing/manual-clock.js';
import type { Consumers } from '../consumers.js';
import type { Link, OnMessage } from '../link.js';
import { PinnedConsumer, type PullBody } from './pinned-consumer.js';

const NEXT = '$JS.API.CONSUMER.MSG.NEXT.S.';
const ACK = '$JS.ACK.S.';

/** A client's connection. */
export interface PinnedLink extends Link {
  /** Its process is dead, or the network is: nothing gets through, and nothing is answered. */
  isCut: boolean;
}

/** Consumers, plain subjects and clients. What a client sends arrives within the turn, its answers in the next microtask. */
export class PinnedServer {
  readonly consumers = new Map<string, PinnedConsumer>();
  /** Calls of its API, in order. */
  readonly calls: string[] = [];
  readonly #clock: ManualClock;
  readonly #listeners = new Set<{ readonly subject: string; readonly hear: OnMessage }>();
  #inboxes = 0;
  #sequence = 0;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  consumer(name: string): PinnedConsumer {
    let consumer = this.consumers.get(name);
    if (consumer === undefined) {
      consumer = new PinnedConsumer(name, this.#clock);
      this.consumers.set(name, consumer);
    }
    return consumer;
  }

  /** Each of these consumers delivers it. @returns its sequence */
  store(subject: string, key: string, names: readonly string[]): number {
    const sequence = ++this.#sequence;
    for (const name of names) this.consumer(name).store({ subject, key, sequence, count: 0 });
    return sequence;
  }

  link(): PinnedLink {
    const server = this;
    const link = {
      isCut: false,
      isClosed: false,
      inbox: () => `inbox${++server.#inboxes}`,
      subscribe(subject: string, onMessage: OnMessage) {
        const hear: OnMessage = (error, message) => {
          queueMicrotask(() => link.isCut || onMessage(error, message));
        };
        const listener = { subject, hear };
        server.#listeners.add(listener);
        const end = () => void server.#listeners.delete(listener);
        return {
          isClosed: () => !server.#listeners.has(listener),
          drain: async () => end(),
          unsubscribe: end,
        };
      },
      connection: {
        info: {},
        publish: (subject: string, body?: string, options?: { reply: string }) => {
          if (!link.isCut) server.#receive(subject, body ?? '', options?.reply ?? '');
        },
        request: async () => (link.isCut ? new Promise(() => {}) : {}),
      },
    };
    return link as unknown as PinnedLink;
  }

  /** The API as a client has it. */
  apiOf(link: PinnedLink): Consumers {
    const call = async <T>(what: string, { name }: { name: string }, serve: (one: PinnedConsumer) => T) => {
      await Promise.resolve();
      if (link.isCut) await new Promise(() => {});
      if (what !== 'info') this.calls.push(`${what} ${name}`);
      const found = this.consumers.get(name);
      if (found !== undefined) return serve(found);
      throw new JetStreamApiError({ code: 404, err_code: 10014, description: 'consumer not found' });
    };
    const api = {
      info: (spec: { name: string }) => call('info', spec, ({ info }) => info),
      find: (spec: { name: string }) => call('info', spec, ({ info }) => info).catch(() => undefined),
      ensure: async (spec: { name: string }) => {
        if (!this.consumers.has(spec.name)) this.calls.push(`make ${spec.name}`);
        return this.consumer(spec.name).info;
      },
      adopt: async (_: unknown, found: unknown) => found,
      check: () => {},
      delete: (spec: { name: string }) => call('delete', spec, () => void this.consumers.delete(spec.name)),
      unpin: (spec: { name: string }, pin: string) =>
        call('unpin', spec, (one) => {
          if (one.pin === pin) one.unpin();
        }),
    };
    return api as unknown as Consumers;
  }

  #receive(subject: string, body: string, reply: string): void {
    if (subject.startsWith(NEXT)) {
      this.consumers.get(subject.slice(NEXT.length))?.request(JSON.parse(body) as PullBody, {
        deliver: ({ subject: stored, key, count }, ack, pin) => {
          const headers = natsHeaders();
          headers.append('X-Aggregate-ID', key);
          headers.append('Nats-Pin-Id', pin);
          if (count > 1) headers.append('redelivered', String(count));
          this.#tell(reply, { subject: stored, reply: ack, headers, data: new Uint8Array(1) });
        },
        isHeard: () => [...this.#listeners].some(({ subject: inbox }) => isFor(inbox, reply)),
        status: (code) =>
          this.#tell(reply, { subject: reply, headers: { code, description: '', get: () => '' } }),
      });
    } else if (subject.startsWith(ACK)) {
      const [name = '', , sequence] = subject.slice(ACK.length).split('.');
      this.consumers.get(name)?.settle(Number(sequence), body);
    } else this.#tell(subject, { subject, json: () => JSON.parse(body) as unknown });
  }

  #tell(to: string, message: object): void {
    for (const { subject, hear } of this.#listeners) {
      if (isFor(subject, to)) hear(null, message as Msg);
    }
  }
}

function isFor(subject: string, to: string): boolean {
  return subject.endsWith('.*') ? to.startsWith(subject.slice(0, -1)) : subject === to;
}
