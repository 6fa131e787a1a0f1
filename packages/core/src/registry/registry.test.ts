import { expect, it } from 'vitest';
import { PluginError } from '../errors.js';
import { ScriptedDriver, scriptedPlugin } from '../testing/scripted-driver.js';
import type { Plugin } from './plugin.js';
import { Registry } from './registry.js';

const plugin = scriptedPlugin(new ScriptedDriver());

it('takes the same plug-in twice, and no other under its name', () => {
  const registry = new Registry().use(plugin).use(plugin);
  expect(registry.transport('scripted')).toBe(plugin);
  expect(() => registry.use(scriptedPlugin(new ScriptedDriver()))).toThrow(PluginError);
  expect(registry.with([plugin]).transports()).toEqual([plugin]);
});

it('keeps the kinds apart', () => {
  const registry = new Registry().use(plugin);
  expect(() => registry.metricsCollector('scripted')).toThrow('(registered: none)');
  expect(registry.extensions()).toEqual([]);
});

it('refuses what is no plug-in', () => {
  expect(() => new Registry().use({ name: 'x' } as unknown as Plugin)).toThrow('use definePlugin');
});

it('leaves the registry that it was joined from alone', () => {
  const empty = new Registry();
  empty.with([plugin]);
  expect(empty.transports()).toEqual([]);
});
