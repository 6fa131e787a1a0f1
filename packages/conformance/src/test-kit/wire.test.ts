import type { Driver, SendRecord, TransportPlugin } from '@ebus/core/driver';
import { describe, expect, it } from 'vitest';
import { to, Wire } from './wire.js';

/** Enough of a driver; with a private field, as the adapters' drivers have. */
class FakeDriver {
  #sent = 0;
  get system() {
    return 'fake';
  }
  send() {
    this.#sent++;
    return { position: { offset: this.#sent } };
  }
  async subscribe() {
    return { settle: () => {}, stop: () => 'stopped' };
  }
}

async function wired(wire: Wire): Promise<Driver> {
  const plugin = { kind: 'transport', name: 'fake', create: () => new FakeDriver() };
  return wire.wrap(plugin as unknown as TransportPlugin).create({}, {} as never);
}

const record = (topic: string) => ({ topic }) as SendRecord;

describe('Wire', () => {
  it('passes everything on and writes it down', async () => {
    const wire = new Wire();
    const driver = await wired(wire);
    expect(driver.system).toBe('fake');
    expect(await driver.send(record('a'))).toEqual({ position: { offset: 1 } });
    const subscription = await driver.subscribe({ topic: 'a' } as never, {} as never, {} as never);
    await subscription.settle([{ token: 1, outcome: 'handled' }]);
    expect(subscription.stop()).toBe('stopped');
    expect(wire.lines()).toEqual(['send a', 'acknowledged a', 'handled a']);
  });

  it('fails the next sends that match, unsent', async () => {
    const wire = new Wire();
    const driver = await wired(wire);
    wire.fail(to('a'), new Error('refused'), 1);
    await expect(driver.send(record('a'))).rejects.toThrow('refused');
    expect(await driver.send(record('b'))).toEqual({ position: { offset: 1 } });
    expect(await driver.send(record('a'))).toEqual({ position: { offset: 2 } });
    expect(wire.count('failed', 'a')).toBe(1);
  });

  it('holds sends until released, or rejects them then', async () => {
    const wire = new Wire();
    const driver = await wired(wire);
    const release = wire.hold(to('a'));
    const held = driver.send(record('a'));
    expect(await driver.send(record('b'))).toEqual({ position: { offset: 1 } });
    release();
    expect(await held).toEqual({ position: { offset: 2 } });

    const reject = wire.hold(to('a'));
    const rejected = driver.send(record('a'));
    reject(new Error('gone'));
    await expect(rejected).rejects.toThrow('gone');
  });
});
