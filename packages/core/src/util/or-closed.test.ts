import { expect, it } from 'vitest';
import { EbusError } from '../errors.js';
import { orClosed } from './or-closed.js';

const open = new AbortController().signal;
const closed = AbortSignal.abort();
const error = new EbusError('aborted', { code: 'ABORTED' });

it.each([
  { because: 'the bus closed', bus: closed, own: undefined, code: 'BUS_CLOSED' },
  { because: 'the bus closed, and the caller waits', bus: closed, own: open, code: 'BUS_CLOSED' },
  { because: 'the caller gave up', bus: open, own: closed, code: 'ABORTED' },
  { because: 'the caller gave up, and the bus closed', bus: closed, own: closed, code: 'ABORTED' },
  { because: 'it failed by itself', bus: open, own: undefined, code: 'ABORTED' },
])('a call that ends as $because says so', ({ bus, own, code }) => {
  expect(orClosed(error, bus, own)).toMatchObject({ code });
});

it("a fault of the caller's own code stays as it is", () => {
  const own = new RangeError('the filter');
  expect(orClosed(own, closed, undefined)).toBe(own);
});
