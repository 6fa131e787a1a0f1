import { expect, it } from 'vitest';
import type { Harness } from './harness.js';
import { lacking } from './offered.js';

const nothing = async () => {};

it('sees what a harness offers, down to single methods, and pairs as one', () => {
  const harness = {
    log: { stored: async () => [] },
    broker: { start: async () => ({}), close: nothing, kill: nothing, login: { wrong: {} } },
  } as unknown as Harness;
  expect(lacking(harness, ['log.stored', 'broker', 'broker.login'])).toEqual([]);
  expect(lacking(harness, ['log.write', 'program', 'broker.network'])).toEqual([
    'log.write',
    'program',
    'broker.network',
  ]);
  // It can be killed, and not be started again.
  expect(lacking(harness, ['broker.kill', 'broker.login.take'])).toEqual([
    'broker.kill',
    'broker.login.take',
  ]);
});
