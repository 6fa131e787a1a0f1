import { describe, expect, it } from 'vitest';
import { ConnectionError, EbusError } from '../errors.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';
import { clientError, ScriptedDriver } from '../testing/scripted-driver.js';
import { ModelAdmin } from '../topics/testing/model-admin.js';
import { deferred } from '../util/promise.js';

/** A bus whose connection the test breaks. Outcomes are codes, or `ok`. */
async function aBus(...args: Parameters<typeof scriptedBus>) {
  const made = await scriptedBus(...args);
  const outcomes: Record<string, string> = {};
  const errors: Record<string, EbusError> = {};
  return {
    ...made,
    outcomes,
    errors,
    publish(text: string, options?: Parameters<typeof made.bus.publish>[2]) {
      outcomes[text] = 'pending';
      made.bus.publish('orders', text, options).then(
        () => {
          outcomes[text] = 'ok';
        },
        (error: EbusError) => {
          outcomes[text] = error.code;
          errors[text] = error;
        },
      );
    },
    lose: (cause?: unknown) => made.driver.host?.onState({ status: 'reconnecting', cause }),
    comeBack: () => made.driver.host?.onState({ status: 'connected' }),
    async acknowledge() {
      for (const send of made.driver.sends) send.ack();
      await settle();
    },
  };
}

describe('while the connection is away', () => {
  it('nothing is sent; then everything is, in the order of the calls', async () => {
    const { publish, lose, comeBack, driver, outcomes, acknowledge } = await aBus();
    publish('before');
    lose();
    for (const text of ['1', '2', '3']) publish(text, { key: 'a' });
    publish('4');
    await settle();
    expect(driver.texts).toEqual(['before']);
    comeBack();
    expect(driver.texts.filter((text) => text !== '4')).toEqual(['before', '1', '2', '3']);
    expect(driver.texts).toContain('4');
    await acknowledge();
    expect(Object.values(outcomes)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
  });

  it('each publish waits until its own deadline, and is never sent after it', async () => {
    const { publish, lose, comeBack, driver, outcomes, errors, clock } = await aBus();
    lose(new Error('the cable is cut'));
    publish('early', { timeout: '10s', key: 'a' });
    await clock.advance(6_000);
    publish('late', { timeout: '10s', key: 'a' });
    await clock.advance(4_000);
    expect(outcomes).toEqual({ early: 'PUBLISH_TIMEOUT', late: 'pending' });
    expect(errors.early?.message).toBe(
      "the message to 'orders' over scripted was not sent within 10000 ms: there is no connection to scripted: " +
        'the cable is cut',
    );
    comeBack();
    expect(driver.texts).toEqual(['late']);
  });

  it('what its caller gives up is never sent', async () => {
    const { publish, lose, comeBack, driver, outcomes } = await aBus();
    const abort = new AbortController();
    lose();
    publish('given up', { signal: abort.signal, key: 'a' });
    publish('kept', { key: 'a' });
    abort.abort();
    await settle();
    expect(outcomes).toEqual({ 'given up': 'ABORTED', kept: 'pending' });
    comeBack();
    expect(driver.texts).toEqual(['kept']);
  });

  it('what failed with the connection is tried again when it is back, before what came later', async () => {
    const { publish, lose, comeBack, driver, clock } = await aBus({
      publisher: { errorHandling: { retryBackoffBase: 100, retryBackoffMax: 100 } },
    });
    publish('1', { key: 'a' });
    lose();
    driver.sends[0]?.fail(clientError('the connection is gone', true));
    await settle();
    publish('2', { key: 'a' });
    for (let waited = 0; waited < 10; waited++) await clock.advance(500);
    expect(driver.texts).toEqual(['1']);
    comeBack();
    await settle();
    expect(driver.texts).toEqual(['1', '1', '2']);
  });

  it('what middleware holds when it breaks waits, too', async () => {
    const { bus, publish, lose, comeBack, driver } = await aBus();
    const through = deferred();
    bus.use({
      publish: async (_record, next) => {
        await through.promise;
        return next();
      },
    });
    publish('a');
    await settle();
    lose();
    through.resolve();
    await settle();
    expect(driver.texts).toEqual([]);
    comeBack();
    expect(driver.texts).toEqual(['a']);
  });

  it('a dead letter waits, and its message stays unsettled', async () => {
    const { bus, lose, comeBack, driver } = await aBus();
    await bus.subscribe('orders', () => Promise.reject(new Error('no')), { maxRetries: 0 });
    lose();
    driver.subscriptions[0]?.deliver({ value: 'x' });
    await settle();
    expect([driver.sends, driver.subscriptions[0]?.settled]).toEqual([[], []]);
    comeBack();
    driver.sends[0]?.ack();
    await settle();
    expect(driver.subscriptions[0]?.settled).toHaveLength(1);
  });

  it('closing says what was not sent', async () => {
    const { bus, publish, lose, outcomes, driver, clock } = await aBus();
    lose();
    publish('a');
    const closed = bus.close({ timeout: 0 });
    await clock.advance(10_000);
    await expect(closed).resolves.toMatchObject({ unpublished: 1 });
    expect([outcomes, driver.texts]).toEqual([{ a: 'BUS_CLOSED' }, []]);
  });
});

describe('a connection that has failed for good', () => {
  const gone = new ConnectionError('wrong password', { retryable: false });

  it('fails what waits at once, and refuses what comes, until it is back', async () => {
    const { publish, lose, comeBack, driver, outcomes, errors } = await aBus();
    lose();
    publish('waiting');
    driver.host?.onState({ status: 'failed', cause: gone });
    publish('new');
    await settle();
    expect(outcomes).toEqual({ waiting: 'CONNECTION_FAILED', new: 'CONNECTION_FAILED' });
    expect(errors.new).toMatchObject({
      retryable: true,
      message: 'the connection to scripted has failed: wrong password; call connection.reconnect()',
    });
    comeBack();
    publish('later');
    expect(driver.texts).toEqual(['later']);
  });

  it('leaves what was sent to the driver', async () => {
    const { publish, driver, outcomes } = await aBus();
    publish('sent');
    driver.host?.onState({ status: 'failed', cause: gone });
    await settle();
    expect(outcomes).toEqual({ sent: 'pending' });
    driver.sends[0]?.ack();
    await settle();
    expect(outcomes).toEqual({ sent: 'ok' });
  });
});

it('holds what is published before the first connection of a lazy bus', async () => {
  class Slow extends ScriptedDriver {
    readonly there = deferred();
    override async connect(host: Parameters<ScriptedDriver['connect']>[0]): Promise<void> {
      await super.connect(host);
      await this.there.promise;
    }
  }
  const driver = new Slow();
  const { publish } = await aBus({ connect: 'lazy' }, { driver });
  publish('a');
  await settle();
  expect(driver.texts).toEqual([]);
  driver.there.resolve();
  await settle();
  expect(driver.texts).toEqual(['a']);
});

describe('a topic that cannot be looked for', () => {
  const late = () =>
    new EbusError('the broker did not answer', { code: 'CONNECTION_FAILED', retryable: true });

  async function failing(error: () => Error) {
    const driver = new ScriptedDriver();
    const admin = new ModelAdmin();
    admin.ensures();
    driver.admin = admin;
    let fails = true;
    admin.before = () => {
      if (fails) throw error();
    };
    const mend = () => {
      fails = false;
    };
    const missing = () => {
      for (const send of driver.sends) send.fail(new EbusError('unknown', { code: 'TOPIC_NOT_FOUND' }));
    };
    return { ...(await aBus({ publisher: { publishTimeout: '5m' } }, { driver })), mend, missing };
  }

  it('is sent to, and looked for again before each further attempt', async () => {
    const { publish, outcomes, clock, driver, mend, missing, acknowledge } = await failing(late);
    publish('a');
    publish('b');
    await settle();
    expect(driver.texts).toEqual(['a', 'b']);
    missing();
    await clock.advance(30_000);
    missing();
    mend();
    await clock.advance(30_000);
    expect([...driver.texts].sort()).toEqual(['a', 'a', 'a', 'b', 'b', 'b']);
    await acknowledge();
    expect(outcomes).toEqual({ a: 'ok', b: 'ok' });
  });

  it('rejects all that waits where looking again cannot help', async () => {
    const { publish, outcomes } = await failing(
      () => new EbusError('you may not', { code: 'UNAUTHORIZED', retryable: false }),
    );
    publish('a');
    publish('b');
    await settle();
    expect(outcomes).toEqual({ a: 'UNAUTHORIZED', b: 'UNAUTHORIZED' });
  });
});

it.each([true, false])(
  'a topic that has gone is made again before its publish is sent again (%s)',
  async (retryable) => {
    const driver = new ScriptedDriver();
    const admin = new ModelAdmin();
    admin.ensures();
    driver.admin = admin;
    const { publish, outcomes, clock, acknowledge } = await aBus({}, { driver });
    publish('first');
    await settle();
    await acknowledge();
    admin.topics.clear();
    admin.calls.length = 0;
    publish('second');
    await settle();
    driver.sends.at(-1)?.fail(new EbusError('gone', { code: 'TOPIC_NOT_FOUND', retryable }));
    await clock.advance(5_000);
    expect(admin.calls).toEqual(['ensure orders to publish']);
    expect(driver.texts).toEqual(['first', 'second', 'second']);
    await acknowledge();
    expect(outcomes).toEqual({ first: 'ok', second: 'ok' });
  },
);

it('moving a topic that nothing is published to asks the broker for nothing', async () => {
  const driver = new ScriptedDriver();
  const admin = new ModelAdmin(undefined, 'route');
  admin.ensures();
  driver.admin = admin;
  const { bus } = await aBus({}, { driver });
  await bus.topics.configure('orders', { persistence: 'ephemeral' });
  await settle();
  expect(admin.calls.filter((call) => !call.startsWith('describe'))).toEqual([]);
});
