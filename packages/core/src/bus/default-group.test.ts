import { describe, expect, it } from 'vitest';
import { scriptedBus } from '../testing/scripted-bus.js';
import { ScriptedDriver } from '../testing/scripted-driver.js';

type Names = Pick<ScriptedDriver, 'isShared' | 'defaultGroup' | 'clientId'>;

async function aBus(names: Partial<Names>, serviceName?: string) {
  const driver = Object.assign(new ScriptedDriver(), names);
  return scriptedBus(serviceName === undefined ? {} : { serviceName }, { driver });
}

describe('the group of a subscription that names none', () => {
  it.each<[Partial<Names>, string | undefined, string]>([
    [{ isShared: true, defaultGroup: 'configured', clientId: 'client' }, 'service', 'configured'],
    [{ isShared: true, clientId: 'client' }, 'service', 'service'],
    [{ isShared: true, clientId: 'client' }, undefined, 'client'],
    [{ isShared: false }, undefined, 'ebus'],
  ])('%j, service %s: it is %s', async (names, serviceName, group) => {
    const { bus, driver } = await aBus(names, serviceName);
    expect((await bus.subscribe('orders', () => {})).group).toBe(group);
    expect(driver.host?.defaultGroup).toBe(group);
  });

  it('must be said where the broker is shared and nothing names the service', async () => {
    const { bus, driver } = await aBus({ isShared: true });
    const refused = {
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('say serviceName or a group'),
    };
    await expect(bus.subscribe('orders', () => {})).rejects.toMatchObject(refused);
    await expect(bus.subscribeEnvelope('orders', () => {})).rejects.toMatchObject(refused);
    expect(driver.subscriptions).toEqual([]);
    expect((await bus.subscribe('orders', () => {}, { group: 'billing' })).group).toBe('billing');
    void bus.publish('orders', 'x');
    expect(driver.texts).toEqual(['x']);
  });

  it('is not needed for the name of the bus', async () => {
    expect((await aBus({ isShared: true })).bus.serviceName).toBe('ebus');
    expect((await aBus({ clientId: 'client' })).bus.serviceName).toBe('client');
    expect((await aBus({ clientId: 'client', defaultGroup: 'group' }, 'service')).bus.serviceName).toBe(
      'service',
    );
  });
});
