import { describe, expect, it } from 'vitest';
import { EbusError, PublishError } from '../errors.js';
import { classOf, driverError } from './classified.js';
import type { ErrorClass } from './driver.js';

const driverThat = (classify: (error: unknown) => ErrorClass) => ({ system: 'scripted', classify });
const refuses = driverThat(() => ({ code: 'UNAUTHORIZED', retryable: false }));
const clientError = new Error('no rights');

describe('the class of an error', () => {
  it('is what the driver says of it', () => {
    expect(classOf(refuses, clientError)).toEqual({ code: 'UNAUTHORIZED', retryable: false });
  });

  it('is its own where ebus made it, whatever the driver says', () => {
    const own = new EbusError('full', { code: 'LIMIT', retryable: true });
    expect(classOf(refuses, own)).toEqual({ code: 'LIMIT', retryable: true });
  });

  it.each([
    ['throws', () => JSON.parse('no')],
    ['answers with a code that is none', () => ({ code: 'WHATEVER', retryable: true }) as never],
    ['answers nothing', () => undefined as never],
  ])('is not retryable of a driver that %s', (_, classify) => {
    expect(classOf(driverThat(classify), clientError)).toEqual({ code: 'PUBLISH_FAILED', retryable: false });
  });
});

describe('the error that a caller is told', () => {
  it('names what was asked for and the transport, and keeps the cause', () => {
    const error = driverError(refuses, clientError, "subscribing to 'orders'", 'SUBSCRIBE_FAILED');
    expect(error).toMatchObject({
      code: 'UNAUTHORIZED',
      retryable: false,
      cause: clientError,
      message: "subscribing to 'orders' over scripted failed: no rights",
    });
  });

  it('has the code of the call where the driver knows none that fits', () => {
    const unsure = driverThat(() => ({ code: 'PUBLISH_FAILED', retryable: true }));
    expect(driverError(unsure, clientError, 'subscribing', 'SUBSCRIBE_FAILED')).toMatchObject({
      code: 'SUBSCRIBE_FAILED',
      retryable: true,
    });
    expect(PublishError.isInstance(driverError(unsure, clientError, 'publishing', 'PUBLISH_FAILED'))).toBe(
      true,
    );
  });

  it('is the one that ebus made', () => {
    const own = new EbusError('full', { code: 'LIMIT' });
    expect(driverError(refuses, own, 'subscribing', 'SUBSCRIBE_FAILED')).toBe(own);
  });
});
