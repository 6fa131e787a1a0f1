import { trace } from '@opentelemetry/api';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isAnythingRegistered, rememberRegistration } from './sdk.js';

const GLOBAL = Symbol.for('opentelemetry.js.api.1');
const world = globalThis as Record<symbol, unknown>;

// Other tests in this process may have registered an SDK before.
const forget = () => {
  trace.disable();
  delete world[GLOBAL];
};
beforeEach(forget);
afterEach(forget);

it('knows at once of what is registered, before and after it was asked for the first time', () => {
  expect(isAnythingRegistered()).toBe(false);
  rememberRegistration();
  expect(isAnythingRegistered()).toBe(false);
  expect(trace.setGlobalTracerProvider(new BasicTracerProvider())).toBe(true);
  expect(isAnythingRegistered()).toBe(true);
  const registered = world[GLOBAL];
  rememberRegistration();
  expect(world[GLOBAL]).toBe(registered);
});
