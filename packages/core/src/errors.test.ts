import { build } from 'esbuild';
import { describe, expect, it, vi } from 'vitest';
import { isPermanent } from './consume/invoke.js';
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

  it('is recognised in a minified bundle, and from there', async () => {
    const copy = await minified();
    expect(new copy.PublishTimeoutError('late').name).toBe('PublishTimeoutError');
    expect(copy.PublishTimeoutError.name).not.toBe('PublishTimeoutError');
    expect(PublishError.isInstance(new copy.PublishTimeoutError('late'))).toBe(true);
    expect(errors.TopicNameError.isInstance(new copy.PublishTimeoutError('late'))).toBe(false);
    expect(copy.PublishError.isInstance(new PublishTimeoutError('late'))).toBe(true);
    expect(copy.PublishTimeoutError.isInstance(new PublishError('no'))).toBe(false);
    expect(isPermanent(new copy.PermanentError('never'))).toBe(true);
  });

  it('knows the subclasses that an application makes by their class', () => {
    class OutOfStock extends errors.PermanentError {}
    const error = new OutOfStock('no');
    expect(error.name).toBe('PermanentError');
    expect([OutOfStock, errors.PermanentError].map((type) => type.isInstance(error))).toEqual([true, true]);
    expect(OutOfStock.isInstance(new errors.PermanentError('no'))).toBe(false);
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

describe('EbusError.from', () => {
  it('returns what is an EbusError already, of another copy too', async () => {
    const error = new PublishError('no');
    expect(EbusError.from(error)).toBe(error);
    const foreign = new (await minified()).PublishError('no');
    expect(EbusError.from(foreign, () => error)).toBe(foreign);
  });

  it('gives everything else its reason in words', () => {
    const cause = new RangeError('too far');
    expect(EbusError.from(cause)).toMatchObject({
      code: 'INTERNAL',
      message: 'too far',
      retryable: false,
      cause,
    });
    const wrapped = EbusError.from(cause, (reason) => new PublishError(`no: ${reason}`, { cause }));
    expect(wrapped).toMatchObject({ message: 'no: too far', cause });
    const aborted = EbusError.from(new DOMException('enough', 'AbortError'));
    expect(aborted).toMatchObject({ code: 'ABORTED', name: 'AbortError', message: 'enough' });
  });

  it.each<[string, unknown, string]>([
    ['text', 'boom', 'boom'],
    ['nothing', undefined, 'undefined'],
    ['an object with a message', { message: 'boom' }, 'boom'],
    ['an error with a code only', Object.assign(new Error(''), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['an object without a prototype', Object.create(null), 'something that cannot be shown as text'],
    ['a symbol', Symbol('x'), 'Symbol(x)'],
  ])('reads %s', (_name, thrown, reason) => {
    expect(EbusError.from(thrown).message).toBe(reason);
  });
});

/** A copy of the module as a bundler leaves it that renames classes. */
async function minified(): Promise<typeof errors> {
  const entry = new URL('errors.ts', import.meta.url).pathname;
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'node20',
    write: false,
  });
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64');
  return import(/* @vite-ignore */ `data:text/javascript;base64,${code}`);
}
