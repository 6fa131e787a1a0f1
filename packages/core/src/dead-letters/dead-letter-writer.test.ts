import { describe, expect, it } from 'vitest';
import { type ErrorCode, PublishError } from '../errors.js';
import { scriptedBus, settle } from '../testing/scripted-bus.js';

const refused = (code: ErrorCode, retryable = false) => new PublishError('no', { code, retryable });

/** A bus whose handler fails, with one message of key 'a' delivered and its dead letter sent. */
async function failed() {
  const made = await scriptedBus({ subscriber: { errorHandling: { maxRetryAttempts: 0 } } });
  const { bus, driver } = made;
  const halted: unknown[] = [];
  bus.on('halted', ({ error }) => void halted.push(error));
  let broken = true;
  const handled: string[] = [];
  const subscription = await bus.subscribe('orders', (message) => {
    if (broken) throw new Error('stock is gone');
    handled.push(message.text());
  });
  const below = driver.subscriptions[0]!;
  below.deliver({ token: 1, value: 'a', headers: [['own', '1']] });
  await settle();
  const names = (index: number) => driver.sends[index]?.record.headers.map(([name]) => name);
  const mend = () => {
    broken = false;
  };
  return { ...made, subscription, below, halted, handled, names, mend };
}

describe('a dead letter', () => {
  it('has an id that nobody can guess, the same for every try', async () => {
    const { driver, clock } = await failed();
    driver.sends[0]?.fail(refused('PUBLISH_FAILED'));
    await settle();
    clock.advance(1_000);
    await settle();
    const [first, second] = driver.sends.map(({ record }) => record.messageId);
    expect(first).toMatch(/^orders\.dlq:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(second).toBe(first);
  });

  it.each([true, undefined])(
    'of a message that holds null holds null, others do not (%s)',
    async (tombstone) => {
      const { driver, below } = await failed();
      driver.sends[0]?.ack();
      below.deliver({ token: 2, value: '', tombstone });
      await settle();
      expect(driver.sends[1]?.record.tombstone).toBe(tombstone === true);
    },
  );

  it('that the broker takes for another one is sent again under another id', async () => {
    const { driver, below } = await failed();
    driver.sends[0]?.ack({ duplicate: true });
    await settle();
    expect(below.settled).toEqual([]);
    expect(driver.sends).toHaveLength(2);
    expect(driver.sends[1]?.record.messageId).not.toBe(driver.sends[0]?.record.messageId);
    driver.sends[1]?.ack();
    await settle();
    expect(below.settled).toEqual([{ token: 1, outcome: 'dead-lettered' }]);
  });

  it('is stored where the broker knows it from a try that was not answered', async () => {
    const { driver, below, clock } = await failed();
    driver.sends[0]?.fail(refused('CONNECTION_FAILED', true));
    await settle();
    clock.advance(1_000);
    await settle();
    expect(driver.sends).toHaveLength(2);
    driver.sends[1]?.ack({ duplicate: true });
    await settle();
    expect(driver.sends).toHaveLength(2);
    expect(below.settled).toEqual([{ token: 1, outcome: 'dead-lettered' }]);
  });

  it('is not sent for ever to a broker that calls everything a duplicate, and stays unsettled', async () => {
    const { driver, below, logged } = await failed();
    for (let i = 0; i < 5; i++) {
      driver.sends[i]?.ack({ duplicate: true });
      await settle();
    }
    expect(driver.sends).toHaveLength(5);
    expect(new Set(driver.sends.map(({ record }) => record.messageId)).size).toBe(5);
    expect(below.settled).toEqual([]);
    expect(logged.at(-1)?.level).toBe('error');
  });

  it('that is too large is tried once more with the headers that redriving needs', async () => {
    const { driver, below, names } = await failed();
    driver.sends[0]?.fail(refused('MESSAGE_TOO_LARGE'));
    await settle();
    expect(names(1)).toEqual(['own', 'X-Original-Topic', 'X-Consumer-Group']);
    driver.sends[1]?.ack();
    await settle();
    expect(below.settled).toEqual([{ token: 1, outcome: 'dead-lettered' }]);
  });

  it.each(['MESSAGE_TOO_LARGE', 'INVALID_ARGUMENT', 'TOPIC_NAME_INVALID'] as const)(
    'that can never be written (%s) halts its key, and is told',
    async (code) => {
      const { driver, below, subscription, halted, handled, mend, logged } = await failed();
      const tries = code === 'MESSAGE_TOO_LARGE' ? 2 : 1;
      for (let i = 0; i < tries; i++) {
        driver.sends[i]?.fail(refused(code));
        await settle();
      }
      expect(driver.sends).toHaveLength(tries);
      expect(subscription.stats()).toMatchObject({ halted: 1, inFlight: 1, deadLettered: 0 });
      expect(halted).toMatchObject([{ code, message: expect.stringContaining("'orders.dlq'") }]);
      expect(logged.at(-1)?.level).toBe('error');

      const skipping = subscription.skipHalted();
      await settle();
      driver.sends[tries]?.fail(refused(code));
      if (tries === 2) {
        await settle();
        driver.sends[tries + 1]?.fail(refused(code));
      }
      await expect(skipping).rejects.toMatchObject({ code });
      expect(subscription.stats().halted).toBe(1);

      mend();
      subscription.retryHalted();
      await settle();
      expect(handled).toEqual(['a']);
      expect(subscription.stats()).toMatchObject({ halted: 0, inFlight: 0 });
      expect(below.settled).toEqual([{ token: 1, outcome: 'handled' }]);
    },
  );

  it('of a halted message is written once there is room for it', async () => {
    const { driver, below, subscription, names } = await failed();
    for (let i = 0; i < 2; i++) {
      driver.sends[i]?.fail(refused('MESSAGE_TOO_LARGE'));
      await settle();
    }
    const skipping = subscription.skipHalted();
    await settle();
    driver.sends[2]?.ack();
    await skipping;
    expect(names(2)).toContain('X-Error-Message');
    await settle();
    expect(below.settled).toEqual([{ token: 1, outcome: 'dead-lettered' }]);
  });

  it.each(['UNAUTHORIZED', 'CONFIG_INVALID', 'UNSUPPORTED'] as const)(
    'that is refused with %s is tried again, for an operator can help, and each time is told',
    async (code) => {
      const { driver, below, clock, logged } = await failed();
      for (let i = 0; i < 3; i++) {
        driver.sends[i]?.fail(refused(code));
        await settle();
        expect(logged.filter(({ args }) => String(args[1]).includes('trying again'))).toHaveLength(i + 1);
        clock.advance(1_000);
        await settle();
      }
      driver.sends[3]?.ack();
      await settle();
      expect(below.settled).toEqual([{ token: 1, outcome: 'dead-lettered' }]);
    },
  );
});
