/** Whether the application has registered anything with OpenTelemetry's API. */
import type * as Api from '@opentelemetry/api';

/** Where version 1 of the API keeps what an application has registered: nothing is there while it has registered nothing. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

const world = globalThis as Record<symbol, unknown>;

/**
 * Makes `isAnythingRegistered` fast: reading a global that is not there costs 15 ns, and one that is there 1 ns. The API takes
 * a global that is undefined for one that is missing.
 */
export function rememberRegistration(): void {
  world[REGISTERED] ??= undefined;
}

/** Asked twice for each message, since an SDK may be registered at any time. */
export function isAnythingRegistered(): boolean {
  return (globalThis as Record<symbol, unknown>)[REGISTERED] !== undefined;
}

/** `undefined` where `@opentelemetry/api` is not installed. */
export async function loadApi(): Promise<typeof Api | undefined> {
  try {
    return await import('@opentelemetry/api');
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
