import type { Credit, IncomingMessage, SettleOutcome } from '@ebus/core/driver';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { microtasks, settlements, type TestLog, type TestMember, testLog, texts } from './testing/harness.js';

/** What the model knows of a message: who has it, and how often it was delivered. */
interface Sent {
  readonly key: string | undefined;
  at: Client | 'waiting' | 'settled';
  deliveries: number;
}

interface Client {
  readonly member: TestMember;
  readonly inHand: IncomingMessage[];
  asking: boolean;
}

/** Sizes go up and down, so that a smaller message could overtake a larger one. */
const contentOf = (offset: number) => `${offset}`.padEnd(5 + ((offset * 7) % 11));

/** A naive group: checks each delivery against all that was sent. */
class Model {
  readonly sent: Sent[] = [];
  readonly clients: Client[] = [];
  readonly #test: TestLog;
  readonly #violations: unknown[] = [];
  readonly #ordered: boolean;

  constructor(test: TestLog, ordered: boolean) {
    this.#test = test;
    this.#ordered = ordered;
  }

  send(key: string | undefined): void {
    void this.#test.send(contentOf(this.sent.length), { key });
    this.sent.push({ key, at: 'waiting', deliveries: 0 });
  }

  join(): void {
    const member = this.#test.subscribe({ ordering: this.#ordered ? 'instance' : 'none' });
    this.clients.push({ member, inHand: [], asking: false });
  }

  ask(client: Client, demand: Credit): Promise<void> {
    if (client.asking) return microtasks();
    client.asking = true;
    const received = Promise.resolve(client.member.receive(demand)).then((batch) => {
      client.asking = false;
      if (batch !== undefined) this.#received(client, demand, batch);
    });
    received.catch((error: unknown) => this.#violations.push(error));
    // What was answered is checked before anything else happens.
    return microtasks();
  }

  /** Throws what was wrong with a delivery so far. */
  check(): void {
    for (const violation of this.#violations) throw violation;
  }

  settle(client: Client, picks: readonly number[], outcome: SettleOutcome): void {
    const done = new Set(picks.map((pick) => client.inHand[pick % client.inHand.length]!));
    if (client.inHand.length === 0) return;
    const inOrder = client.inHand.filter((message) => done.has(message));
    client.inHand.splice(0, client.inHand.length, ...client.inHand.filter((message) => !done.has(message)));
    for (const { token } of inOrder)
      this.sent[token as number]!.at = outcome === 'released' ? 'waiting' : 'settled';
    client.member.settle(settlements(inOrder, outcome));
  }

  async leave(client: Client): Promise<void> {
    this.clients.splice(this.clients.indexOf(client), 1);
    for (const message of this.sent) if (message.at === client) message.at = 'waiting';
    await client.member.close();
    await microtasks();
  }

  /** Whoever still asks must not be owed anything. */
  checkNobodyStarves(): void {
    for (const client of this.clients.filter(({ asking }) => asking)) {
      const owed = this.sent.filter(({ at, key }) => at === 'waiting' && this.#mayHave(client, key));
      expect(owed).toEqual([]);
    }
  }

  #received(client: Client, demand: Credit, batch: readonly IncomingMessage[]): void {
    expect(batch.length).toBeGreaterThan(0);
    expect(batch.length).toBeLessThanOrEqual(demand.messages);
    const bytes = batch.reduce((sum, { value }) => sum + value.length, 0);
    if (batch.length > 1) expect(bytes).toBeLessThanOrEqual(demand.bytes);
    const offsets = batch.map(({ token }) => token as number);
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    for (const message of batch) this.#delivered(client, message);
  }

  #mayHave(client: Client, key: string | undefined): boolean {
    if (key === undefined || !this.#ordered) return true;
    return this.sent.every(
      (other) => other.key !== key || other.at === client || other.at === 'waiting' || other.at === 'settled',
    );
  }

  #delivered(client: Client, message: IncomingMessage): void {
    const offset = message.token as number;
    const sent = this.sent[offset]!;
    expect(sent.at, `message ${offset} is not there to be delivered`).toBe('waiting');
    expect(texts([message])).toEqual([contentOf(offset)]);
    expect(message.deliveryCount).toBe(sent.deliveries + 1);
    expect(message.redelivered).toBe(sent.deliveries > 0);
    expect(this.#mayHave(client, sent.key), `key ${sent.key} is at another member`).toBe(true);
    const alone = this.clients.length === 1;
    const inTheWay = (older: Sent) =>
      alone || (this.#ordered && older.key !== undefined && older.key === sent.key);
    const overtaken = this.sent.slice(0, offset).filter((older) => older.at === 'waiting' && inTheWay(older));
    expect(overtaken, 'older messages were overtaken').toEqual([]);
    sent.at = client;
    sent.deliveries++;
    client.inHand.push(message);
    client.inHand.sort((a, b) => (a.token as number) - (b.token as number));
  }
}

const who = fc.nat({ max: 20 });
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('send'),
      keys: fc.array(fc.nat({ max: 5 }), { maxLength: 20, size: 'max' }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('ask'),
      who,
      messages: fc.integer({ min: 1, max: 12 }),
      bytes: fc.integer({ min: 1, max: 30 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('settle'),
      who,
      picks: fc.array(fc.nat({ max: 50 }), { maxLength: 10, size: 'max' }),
      outcome: fc.constantFrom<SettleOutcome>('handled', 'dead-lettered', 'released'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('join') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave'), who }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pause') }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function run(steps: readonly Step[], ordered: boolean): Promise<void> {
  const test = testLog({ maxChannelSize: 100_000, bufferSize: 5 });
  const model = new Model(test, ordered);
  model.join();
  for (const step of steps) {
    const client = 'who' in step ? model.clients[step.who % model.clients.length] : undefined;
    if ('keys' in step) {
      for (const key of step.keys) model.send(key === 0 ? undefined : `k${key}`);
    } else if ('messages' in step) {
      await model.ask(client!, step);
    } else if ('outcome' in step) {
      model.settle(client!, step.picks, step.outcome);
    } else if (step.do === 'join') {
      if (model.clients.length < 4) model.join();
    } else if (step.do === 'leave') {
      if (model.clients.length > 1) await model.leave(client!);
    } else {
      await microtasks();
      model.checkNobodyStarves();
    }
    model.check();
  }
  await drain(model);
  expect(model.sent.filter(({ at }) => at !== 'settled')).toEqual([]);
  expect(test.log.groups[0]).toMatchObject({
    unsettledCount: 0,
    heldCount: 0,
    floor: model.sent.length,
  });
  expect(test.log.end - test.log.start).toBeLessThanOrEqual(model.sent.length);
}

/** Members ask and settle until nothing is left. */
async function drain(model: Model): Promise<void> {
  for (let before = -1; before !== settledOf(model); ) {
    before = settledOf(model);
    for (const client of model.clients) await model.ask(client, { messages: 7, bytes: 1_000 });
    await microtasks();
    model.checkNobodyStarves();
    model.check();
    for (const client of model.clients) model.settle(client, [...client.inHand.keys()], 'handled');
    await microtasks();
  }
}

const settledOf = (model: Model) => model.sent.filter(({ at }) => at === 'settled').length;

describe('a group does what a naive model allows, whatever its members do', () => {
  it('with per-key order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => run(steps, true)),
    );
  });

  it('without order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => run(steps, false)),
    );
  });
});
