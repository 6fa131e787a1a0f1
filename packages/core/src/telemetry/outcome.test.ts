import { describe, expect, it } from 'vitest';
import { EbusError } from '../errors.js';
import { errorType, harmlessly, recordFailure, watched } from './outcome.js';

describe('the type of an error', () => {
  it.each([
    [new EbusError('x', { code: 'ABORTED' }), 'ABORTED'],
    [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [Object.assign(new Error('x'), { code: 42 }), 'Error'],
    [new RangeError('x'), 'RangeError'],
    ['text', '_OTHER'],
    [null, '_OTHER'],
  ])('of %o is %s', (error, type) => {
    expect(errorType(error)).toBe(type);
  });
});

describe('a failed span', () => {
  const fail = (error: unknown) => {
    const seen: unknown[] = [];
    const span = {
      recordException: (one: Error) => void seen.push(['exception', one.message]),
      setAttribute: (name: string, value: string) => void seen.push([name, value]),
      setStatus: (status: object) => void seen.push(status),
    };
    recordFailure(span as never, { SpanStatusCode: { ERROR: 2 } } as never, error, () => 'disclosed');
    return seen;
  };

  it('has type and text of its error, without what may not leave the process', () => {
    expect(fail(new RangeError('password=secret'))).toEqual([
      ['exception', 'disclosed'],
      ['error.type', 'RangeError'],
      { code: 2, message: 'disclosed' },
    ]);
  });

  it('has no exception where something else was thrown', () => {
    expect(fail('secret')).toEqual([['error.type', '_OTHER'], { code: 2, message: 'disclosed' }]);
  });
});

describe('watching work', () => {
  const watch = (run: () => void | Promise<void>) => {
    const seen: unknown[] = [];
    const outcome = () =>
      watched(
        run,
        () => void seen.push('succeeded'),
        (error) => void seen.push(error),
      );
    return { seen, outcome };
  };

  it('tells the outcome before the caller has it, and passes it on', async () => {
    const boom = new Error('boom');
    const now = watch(() => {});
    expect(now.outcome()).toBe(undefined);
    const later = watch(async () => {});
    await later.outcome();
    const throws = watch(() => {
      throw boom;
    });
    expect(throws.outcome).toThrow(boom);
    const rejects = watch(() => Promise.reject(boom));
    await expect(rejects.outcome()).rejects.toBe(boom);
    expect([now, later, throws, rejects].map(({ seen }) => seen)).toEqual([
      ['succeeded'],
      ['succeeded'],
      [boom],
      [boom],
    ]);
  });
});

it("the application's telemetry that throws does no harm", () => {
  expect(harmlessly(() => 1)).toBe(1);
  expect(
    harmlessly(() => {
      throw new Error('exporter');
    }),
  ).toBe(undefined);
});
