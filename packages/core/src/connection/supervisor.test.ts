import { describe, expect, it } from 'vitest';
import type { Driver, DriverHost } from '../driver/driver.js';
import { BusClosedError, ConnectionError, EbusError } from '../errors.js';
import { ManualClock } from '../testing/manual-clock.js';
import { ScriptedDriver } from '../testing/scripted-driver.js';
import { deferred } from '../util/promise.js';
import { ConnectionSupervisor } from './supervisor.js';
import type { SupervisorOptions } from './supervisor-options.js';

const refused = new ConnectionError('nobody there');
const unauthorized = new ConnectionError('wrong password', { code: 'UNAUTHORIZED', retryable: false });
const logger = { debug() {}, info() {}, warn() {}, error() {} };

/** A driver whose attempts to connect end as the test says, one after the other; then they succeed. */
class FlakyDriver extends ScriptedDriver {
  readonly outcomes: (Error | Promise<void>)[] = [];
  attempts = 0;

  override async connect(host: DriverHost): Promise<void> {
    this.host = host;
    await this.reconnect();
  }

  async reconnect(): Promise<void> {
    this.attempts++;
    const outcome = this.outcomes.shift();
    if (outcome instanceof Error) throw outcome;
    await outcome;
  }
}

function supervise(driver: Driver, options: Partial<SupervisorOptions> = {}) {
  const clock = new ManualClock();
  const events: string[] = [];
  const supervisor = new ConnectionSupervisor({
    driver,
    clock,
    logger,
    metrics: undefined,
    connectTimeout: 5_000,
    maxReconnectAttempts: 0,
    initialBackoff: 1_000,
    maxBackoff: 4_000,
    events: { changed: (status) => events.push(status), cameBack: async () => void events.push('came back') },
    ...options,
  });
  return {
    supervisor,
    clock,
    events,
    host: {
      serviceName: 'test',
      clock,
      logger,
      defaultGroup: undefined,
      configuredTopic: () => undefined,
      topicConfigStrategy: 'skip' as const,
    },
  };
}

async function turns(clock: ManualClock, ms = 4_000, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('connecting for the first time', () => {
  it('tries again while the server is not there yet', async () => {
    const driver = new FlakyDriver();
    driver.outcomes.push(refused, refused);
    const { supervisor, clock, events, host } = supervise(driver);
    const connecting = supervisor.connect(host);
    await turns(clock, 4_000, 2);
    await connecting;
    expect(driver.attempts).toBe(3);
    expect(events).toEqual(['connected']);
    expect(supervisor.state()).toMatchObject({ status: 'connected', reconnects: 0 });
  });

  it('does not try again where that cannot help, and disconnects', async () => {
    const driver = new FlakyDriver();
    driver.outcomes.push(unauthorized);
    const { supervisor, host } = supervise(driver);
    await expect(supervisor.connect(host)).rejects.toBe(unauthorized);
    expect(driver.attempts).toBe(1);
    expect(driver.closed).toBe(true);
  });

  it('lazily goes on in the background, and lets those who wait know', async () => {
    const driver = new FlakyDriver();
    driver.outcomes.push(refused);
    const { supervisor, clock, host } = supervise(driver);
    let then = 0;
    supervisor.connectLazily(host, async () => void then++);
    const waiting = supervisor.whenConnected(new AbortController().signal, 'waiting');
    expect(supervisor.state().status).toBe('connecting');
    await turns(clock, 4_000, 2);
    await waiting;
    expect(then).toBe(1);
    const given = supervisor.whenConnected(AbortSignal.abort(), 'waiting');
    await expect(given).resolves.toBeUndefined();
  });

  it('lets go of those who wait when aborted or closed', async () => {
    const driver = new FlakyDriver();
    driver.outcomes.push(deferred().promise);
    const { supervisor, host } = supervise(driver);
    supervisor.connectLazily(host, async () => {});
    const abort = new AbortController();
    const aborted = supervisor.whenConnected(abort.signal, 'waiting');
    abort.abort();
    await expect(aborted).rejects.toSatisfy(
      (error) => EbusError.isInstance(error) && error.code === 'ABORTED',
    );
    const closed = supervisor.whenConnected(new AbortController().signal, 'waiting');
    supervisor.close();
    await expect(closed).rejects.toSatisfy((error) => BusClosedError.isInstance(error));
  });
});

describe('coming back', () => {
  async function connected(options: Partial<SupervisorOptions> = {}) {
    const driver = new FlakyDriver();
    const all = supervise(driver, options);
    await all.supervisor.connect(all.host);
    all.events.length = 0;
    return { driver, ...all };
  }

  it('of the client by itself fires once, and leaves the client alone', async () => {
    const { driver, supervisor, events, clock } = await connected();
    driver.host?.onState({ status: 'reconnecting' });
    driver.host?.onState({ status: 'reconnecting' });
    driver.host?.onState({ status: 'connected' });
    driver.host?.onState({ status: 'connected' });
    await turns(clock);
    expect(events).toEqual(['reconnecting', 'connected', 'came back']);
    expect(driver.attempts).toBe(1);
    expect(supervisor.state().reconnects).toBe(1);
  });

  it('replaces a client that has given up, trying for ever', async () => {
    const { driver, supervisor, clock, events } = await connected();
    driver.outcomes.push(refused, refused, refused);
    driver.host?.onState({ status: 'failed', cause: refused });
    expect(supervisor.state().status).toBe('reconnecting');
    await turns(clock, 4_000, 4);
    expect(driver.attempts).toBe(5);
    expect(events).toEqual(['reconnecting', 'connected', 'came back']);
  });

  it('leaves a client alone that failed for a reason which trying again does not change', async () => {
    const { driver, supervisor, clock, events } = await connected();
    const unsupported = new EbusError('too old', { code: 'UNSUPPORTED' });
    driver.host?.onState({ status: 'failed', cause: unsupported });
    await turns(clock);
    expect(driver.attempts).toBe(1);
    expect(events).toEqual(['failed']);
    expect(supervisor.state().lastError).toBe(unsupported);
    await supervisor.reconnect();
    expect(supervisor.state().status).toBe('connected');
  });

  it('goes on trying where a login is refused that was accepted before', async () => {
    const { driver, clock, events } = await connected();
    driver.outcomes.push(unauthorized, unauthorized);
    driver.host?.onState({ status: 'failed', cause: unauthorized });
    await turns(clock, 4_000, 4);
    expect(driver.attempts).toBe(4);
    expect(events).toEqual(['reconnecting', 'connected', 'came back']);
  });

  it('does not listen to clients that were replaced', async () => {
    const { driver, supervisor, events } = await connected();
    await supervisor.reconnect();
    events.length = 0;
    driver.host?.onState({ status: 'failed', cause: refused, attempt: 1 });
    expect(events).toEqual([]);
    driver.host?.onState({ status: 'reconnecting', cause: refused, attempt: 2 });
    expect(events).toEqual(['reconnecting']);
  });

  it('gives up after the configured attempts, and reconnect() still works', async () => {
    const { driver, supervisor, clock, events } = await connected({ maxReconnectAttempts: 2 });
    driver.outcomes.push(refused, refused);
    driver.host?.onState({ status: 'failed', cause: refused });
    await turns(clock, 4_000, 3);
    expect(events).toEqual(['reconnecting', 'failed']);
    await supervisor.reconnect();
    expect(events.slice(2)).toEqual(['reconnecting', 'connected', 'came back']);
  });

  it('is shared by all who ask for it', async () => {
    const { driver, supervisor, events } = await connected();
    await Promise.all([supervisor.reconnect(), supervisor.reconnect()]);
    expect(driver.attempts).toBe(2);
    expect(events).toEqual(['reconnecting', 'connected', 'came back']);
  });

  it('is over only when the driver says that everything is restored', async () => {
    const { driver, supervisor, events } = await connected();
    const restoring = deferred();
    driver.outcomes.push(restoring.promise);
    const reconnecting = supervisor.reconnect();
    driver.host?.onState({ status: 'connected' });
    expect(supervisor.state().status).toBe('reconnecting');
    restoring.resolve();
    await reconnecting;
    expect(events).toEqual(['reconnecting', 'connected', 'came back']);
  });

  it('ends with the bus', async () => {
    const { driver, supervisor, clock } = await connected();
    driver.outcomes.push(refused);
    const reconnecting = supervisor.reconnect();
    const outcome = expect(reconnecting).rejects.toSatisfy((error) => BusClosedError.isInstance(error));
    await new Promise((resolve) => setImmediate(resolve));
    supervisor.close();
    await outcome;
    await turns(clock);
    expect(driver.attempts).toBe(2);
    await expect(supervisor.reconnect()).rejects.toSatisfy((error) => BusClosedError.isInstance(error));
    expect(supervisor.state().status).toBe('closed');
  });
});
