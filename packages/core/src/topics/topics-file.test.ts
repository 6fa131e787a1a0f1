import fs from 'node:fs';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEventBus } from '../bus/create-event-bus.js';
import type { EventBus } from '../bus/event-bus.js';
import { systemClock } from '../clock.js';
import type { EventBusConfig } from '../config/types.js';
import { ConfigError, type EbusError } from '../errors.js';
import { ScriptedDriver, scriptedPlugin } from '../testing/scripted-driver.js';
import { ModelAdmin } from './testing/model-admin.js';
import type { TopicOutcome, WatchOptions } from './types.js';

/** The watches of files that are open. */
const open = new Set<fs.FSWatcher>();
const { watch } = fs;

beforeAll(() => {
  vi.spyOn(fs, 'watch').mockImplementation((...args: Parameters<typeof watch>) => {
    const watcher = watch(...args);
    open.add(watcher);
    return watcher.on('close', () => open.delete(watcher));
  });
  syncBuiltinESMExports();
});

afterAll(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

let folder: string;
let file: string;
let admin: ModelAdmin;
let bus: EventBus;
let logged: unknown[];
let applied: (readonly TopicOutcome[])[];
let errors: EbusError[];
let options: WatchOptions;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ebus-topics-'));
  file = join(folder, 'topics.yaml');
  admin = new ModelAdmin();
  const driver = new ScriptedDriver();
  driver.admin = admin;
  logged = [];
  const log = (...args: unknown[]) => void logged.push(args);
  const logger = { debug() {}, info: log, warn: log, error: log };
  const config = { type: 'scripted' } as unknown as EventBusConfig;
  bus = await createEventBus(config, { plugins: [scriptedPlugin(driver)], logger, clock: systemClock });
  applied = [];
  errors = [];
  options = { onApplied: (outcomes) => applied.push(outcomes), onError: (error) => errors.push(error) };
});
afterEach(async () => {
  await bus.close();
  await rm(folder, { recursive: true });
});

const soon = { timeout: 5_000, interval: 5 };

describe('watching a topics file', () => {
  it('applies it, and what changes as it is saved: only that', async () => {
    await writeFile(file, 'topics:\n  orders: { retention: 1h }\n  invoices: { retention: 1h }\n');
    await using _ = await bus.topics.watch(file, options);
    expect(applied).toMatchObject([[{ topic: 'orders', action: 'created' }, { topic: 'invoices' }]]);
    admin.calls.length = 0;
    await writeFile(file, 'topics:\n  orders: { retention: 2h }\n  invoices: { retention: 1h }\n');
    await expect.poll(() => applied.length, soon).toBe(2);
    expect(applied[1]).toMatchObject([{ topic: 'orders', action: 'changed', changed: ['retention'] }]);
    expect(admin.calls).toEqual(['describe orders', 'alter orders', 'describe orders']);
    await writeFile(file, 'topics:\n  orders: { retention: 2h }\n');
    await expect.poll(() => applied.length, soon).toBe(3);
    expect(bus.topics.list()).toEqual(['orders']);
    expect(admin.topics.has('invoices')).toBe(true);
  });

  it('reports a bad or half-written file, keeps what runs, and takes the mended one', async () => {
    await writeFile(file, JSON.stringify({ orders: { retention: '1h' } }));
    await using _ = await bus.topics.watch(file, options);
    const changes = admin.changes.length;
    const bad = [
      '{ "orders": { "retent',
      '',
      'orders: { retention: -1 }',
      'orders: { retentoin: 1h }\nothers: {}',
    ];
    for (const [index, text] of bad.entries()) {
      await writeFile(file, text);
      await expect.poll(() => errors.length, soon).toBe(index + 1);
    }
    expect(errors.every((error) => ConfigError.isInstance(error))).toBe(true);
    expect(errors[1]?.message).toMatch(/is empty/);
    expect(errors[3]?.message).toMatch(/did you mean 'retention'/);
    expect(admin.changes).toHaveLength(changes);
    expect(bus.topics.get('orders').retention).toBe('1h');
    await writeFile(file, 'orders: { retention: 3h }');
    await expect.poll(() => bus.topics.get('orders').retention, soon).toBe('3h');
    expect(errors).toHaveLength(bad.length);
  });

  it('follows a file that is replaced by another one, taken away and put back', async () => {
    await writeFile(file, 'orders: { retention: 1h }');
    await using _ = await bus.topics.watch(file, options);
    for (const hours of [2, 3]) {
      await writeFile(`${file}.new`, `orders: { retention: ${hours}h }`);
      await rename(`${file}.new`, file);
      await expect.poll(() => bus.topics.get('orders').retention, soon).toBe(`${hours}h`);
    }
    await rm(file);
    await expect.poll(() => errors.length, soon).toBe(1);
    expect(errors[0]?.message).toMatch(/cannot read .*: there is no such file/);
    expect(bus.topics.list()).toEqual(['orders']);
    await writeFile(file, 'orders: { retention: 4h }');
    await expect.poll(() => bus.topics.get('orders').retention, soon).toBe('4h');
  });

  it('follows a link that is turned, as deployment tools do', async () => {
    await mkdir(join(folder, 'v1'));
    await mkdir(join(folder, 'v2'));
    await writeFile(join(folder, 'v1', 'topics.yaml'), 'orders: { retention: 1h }');
    await writeFile(join(folder, 'v2', 'topics.yaml'), 'orders: { retention: 2h }');
    await symlink('v1', join(folder, 'current'));
    await symlink(join('current', 'topics.yaml'), file);
    await using _ = await bus.topics.watch(file, options);
    await symlink('v2', join(folder, 'next'));
    await rename(join(folder, 'next'), join(folder, 'current'));
    await expect.poll(() => bus.topics.get('orders').retention, soon).toBe('2h');
  });

  it('reads lists, parts of configuration files, and the names that those use', async () => {
    const list = {
      eventbus: { topics: [{ name: 'orders', persistenceMode: 'ephemeral', retentionTime: '1h' }] },
    };
    await writeFile(file, JSON.stringify(list));
    await using _ = await bus.topics.watch(file, options);
    expect(bus.topics.get('orders')).toMatchObject({ persistence: 'ephemeral', retention: '1h' });
    await writeFile(file, JSON.stringify([{ retention: '1h' }]));
    await expect.poll(() => errors.length, soon).toBe(1);
    expect(errors[0]?.message).toMatch(/topics\.0\.name: must be the name/);
  });

  it('expands variables and applies the environment of the bus, as for configuration files', async () => {
    vi.stubEnv('EBUS_TEST_HOURS', '5');
    const hours = `$\{EBUS_TEST_HOURS}h`;
    const text = `orders: { retention: "${hours}", maxMessages: -1 }`;
    await writeFile(file, `topics:\n  ${text}\nenvironments:\n  staging: { orders: { maxSize: 1MB } }\n`);
    const config = { type: 'scripted', environment: 'staging' } as unknown as EventBusConfig;
    const driver = new ScriptedDriver();
    driver.admin = admin;
    await using staging = await createEventBus(config, { plugins: [scriptedPlugin(driver)] });
    await using _ = await staging.topics.watch(file);
    expect(staging.topics.get('orders')).toMatchObject({ retention: '5h', maxSize: '1MB' });
    vi.unstubAllEnvs();
  });

  it('does again what failed, with the next change', async () => {
    await writeFile(file, 'orders: {}');
    await using _ = await bus.topics.watch(file, options);
    admin.before = (call, topic) => {
      if (call === 'create' && topic === 'broken') throw new Error('no disk');
    };
    await writeFile(file, 'orders: {}\nbroken: {}\nother: {}');
    await expect.poll(() => errors.length, soon).toBe(1);
    expect(errors[0]).toMatchObject({ code: 'TOPIC_APPLY_FAILED', failures: [{ topic: 'broken' }] });
    admin.before = () => {};
    await writeFile(file, 'orders: {}\nbroken: {}\nother: {}\n');
    await expect.poll(() => bus.topics.list(), soon).toEqual(['orders', 'other', 'broken']);
    expect(applied.at(-1)).toMatchObject([{ topic: 'broken', action: 'created' }]);
  });

  it('rejects for a file that is wrong from the start, and leaves nothing behind', async () => {
    await expect(bus.topics.watch(join(folder, 'missing.yaml'))).rejects.toThrow(
      /cannot read .*: there is no such file/,
    );
    await expect(bus.topics.watch(join(folder, 'no', 'folder.yaml'))).rejects.toThrow(/ENOENT/);
    await writeFile(file, 'orders: { replicas: 0 }');
    await expect(bus.topics.watch(file)).rejects.toThrow(/replicas/);
    await expect(bus.topics.watch(file, { singal: undefined } as never)).rejects.toThrow(
      /did you mean 'signal'/,
    );
    await expect(bus.topics.watch(file, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    await expect.poll(() => open.size, soon).toBe(0);
  });

  it.each(['the signal', 'closing it', 'closing the bus'])(
    'ends with %s, and leaves nothing behind',
    async (how) => {
      await writeFile(file, 'orders: { retention: 1h }');
      const ending = new AbortController();
      const watch = await bus.topics.watch(file, { ...options, signal: ending.signal });
      expect(open.size).toBe(1);
      await writeFile(file, 'orders: { retention: 2h }');
      if (how === 'the signal') ending.abort();
      else if (how === 'closing it') await watch.close();
      else await bus.close();
      await expect.poll(() => open.size, soon).toBe(0);
      const calls = admin.calls.length;
      await writeFile(file, 'orders: { retention: 3h }');
      await watch.close();
      expect(admin.calls).toHaveLength(calls);
      if (how === 'closing the bus') {
        await expect(bus.topics.watch(file)).rejects.toMatchObject({ code: 'BUS_CLOSED' });
      }
    },
  );

  it('goes on where a listener throws', async () => {
    await writeFile(file, 'orders: { retention: 1h }');
    const throwing = () => {
      throw new Error('listener');
    };
    await using _ = await bus.topics.watch(file, { onApplied: throwing, onError: throwing });
    await writeFile(file, 'orders: [');
    await expect
      .poll(
        () =>
          logged.map((args) => (args as unknown[]).at(-1)).filter((text) => /listener/.test(String(text)))
            .length,
        soon,
      )
      .toBe(2);
    await writeFile(file, 'orders: { retention: 2h }');
    await expect.poll(() => bus.topics.get('orders').retention, soon).toBe('2h');
  });
});
