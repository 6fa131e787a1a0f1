import { expect, it } from 'vitest';
import { systemClock } from '../clock.js';
import { ConfigError } from '../errors.js';
import { BusinessChecks } from './business-checks.js';

function checks() {
  const logged: unknown[] = [];
  const log = (...args: unknown[]) => void logged.push(args);
  return { logged, all: new BusinessChecks({ debug: log, info: log, warn: log, error: log }, systemClock) };
}

it('says of each whether it passed, with its figures', async () => {
  const { all } = checks();
  all.register({ name: 'stock', check: async () => {}, metrics: () => ({ items: 7 }) });
  const remove = all.register({
    name: 'prices',
    check: () => {
      throw new Error('password of the database');
    },
  });
  const [stock, prices] = await all.run(1_000);
  expect(stock).toEqual({ name: 'stock', status: 'healthy', details: { items: 7 } });
  expect(prices).toMatchObject({ name: 'prices', status: 'unhealthy', reason: 'the check failed' });
  expect(prices?.error).toBeInstanceOf(Error);
  remove();
  remove();
  expect(await all.run(1_000)).toHaveLength(1);
});

it('cuts off the one that hangs, and tells it so', async () => {
  const { all, logged } = checks();
  let aborted: AbortSignal | undefined;
  all.register({
    name: 'hangs',
    check: (signal) => {
      aborted = signal;
      return new Promise(() => {});
    },
    metrics: () => {
      throw new Error('no figures');
    },
  });
  const [hangs] = await all.run(20);
  expect(hangs).toMatchObject({ status: 'unhealthy', reason: 'the check did not answer within 20 ms' });
  expect(hangs).not.toHaveProperty('details');
  expect(aborted?.aborted).toBe(true);
  expect(logged).toHaveLength(2);
});

it('logs a failure once, until it has passed again', async () => {
  const { all, logged } = checks();
  let failing = true;
  all.register({ name: 'stock', check: () => (failing ? Promise.reject(new Error('sold out')) : undefined) });
  for (let i = 0; i < 3; i++) await all.run(1_000);
  expect(logged).toHaveLength(1);
  failing = false;
  await all.run(1_000);
  failing = true;
  await all.run(1_000);
  expect(logged).toHaveLength(2);
});

it('refuses what is no check, and a name that is taken', () => {
  const { all } = checks();
  all.register({ name: 'stock', check() {} });
  expect(() => all.register({ name: 'stock', check() {} })).toThrow(ConfigError);
  expect(() => all.register({ name: ' ', check() {} })).toThrow(ConfigError);
  expect(() => all.register({ name: 'x' } as never)).toThrow(ConfigError);
});
