import { parseConfig } from '@ebus/core';
import { memory } from '@ebus/memory';
import { expect, it } from 'vitest';
import { healthHttp } from '../index.js';

const token = 'a-token-of-the-console';
const parsed = (section: object) =>
  parseConfig({ type: 'memory', healthHttp: { port: 0, ...section } } as never, {
    plugins: [memory, healthHttp],
  });

it.each([
  [{ ui: {} }],
  [{ host: '0.0.0.0', ui: {} }],
  [{ host: '127.0.0.1', ui: { port: 0, host: '10.0.0.1' } }],
])('a console that listens elsewhere needs a token: %j', async (section) => {
  await expect(parsed(section)).rejects.toThrow(/healthHttp\.ui\.token: is missing/);
});

it.each([
  [{ host: '127.0.0.1', ui: {} }],
  [{ host: '::1', ui: {} }],
  [{ ui: { token } }],
  [{ ui: { port: 0 } }],
  [{ ui: { port: 0, host: 'localhost' } }],
])('or none: %j', async (section) => {
  await parsed(section);
});

it.each([
  [{ ui: { token: 'short' } }, /at least 16 characters/],
  [{ ui: { token, traceLink: 'https://traces.example' } }, /\{traceId\}/],
  [{ ui: { token, traceLink: 'javascript:{traceId}' } }, /http address/],
  [{ ui: { token, allowAction: true } }, /did you mean 'allowActions'/],
])('refuses %j', async (section, message) => {
  await expect(parsed(section)).rejects.toThrow(message);
});
