import { describe, expect, it, vi } from 'vitest';
import * as errors from './errors.js';

const { EbusError, PublishError, PublishTimeoutError } = errors;

describe('EbusError', () => {
  it('knows its subclasses, and not its parents, by isInstance', () => {
    const error = new PublishTimeoutError('late');
    expect([EbusError, PublishError, PublishTimeoutError].map((type) => type.isInstance(error))).toEqual([
      true,
      true,
      true,
    ]);
    expect(PublishTimeoutError.isInstance(new PublishError('no'))).toBe(false);
    expect(EbusError.isInstance(new Error('no'))).toBe(false);
    expect(EbusError.isInstance(undefined)).toBe(false);
  });

  it('is recognised across two installed copies of the package', async () => {
    vi.resetModules();
    const copy = await import('./errors.js');
    expect(copy.PublishError).not.toBe(PublishError);
    expect(PublishError.isInstance(new copy.PublishTimeoutError('late'))).toBe(true);
    expect(copy.EbusError.isInstance(new PublishError('no'))).toBe(true);
  });

  it('keeps name, code and cause, and a permanent error is never retryable', () => {
    const cause = new Error('below');
    const error = new PublishError('no', { cause, retryable: true });
    expect(error).toMatchObject({ name: 'PublishError', code: 'PUBLISH_FAILED', retryable: true, cause });
    expect(new errors.PermanentError('no', { retryable: true }).retryable).toBe(false);
    expect(Object.keys(error)).not.toContain('kinds');
  });

  it('has a closed list of codes', () => {
    expect(new Set(errors.ERROR_CODES).size).toBe(errors.ERROR_CODES.length);
    expect(errors.ERROR_CODES).toContain(new errors.KeyedPoolFullError().code);
    expect(new errors.KeyedPoolFullError().message).toBe('keyed worker queue full');
  });
});
