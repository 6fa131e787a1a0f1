import { expect, it } from 'vitest';
import type { Delivery } from './delivery.js';
import { appendBehind, parkUnhandled } from './park-unhandled.js';

const delivery = {} as Delivery;

function runner() {
  const appended: unknown[] = [];
  const append = (_: Delivery, error: { message: string; code: string }, as: unknown) =>
    void appended.push([error.code, error.message, as]);
  return { appended, runner: { append } as never };
}

it('a message behind a parked one becomes a letter behind its letters', () => {
  const { appended, runner: one } = runner();
  appendBehind(delivery, one);
  expect(appended).toEqual([['PARKED', 'an earlier message of its key is parked', 'behind']]);
});

it.each([
  ['asks for its key to be parked', { refusal: () => undefined }, 'parked by hand', 'first'],
  [
    'stays a dead letter where its key cannot be parked',
    { refusal: () => 'it has no key' },
    'its key cannot be parked: it has no key',
    undefined,
  ],
  [
    'stays a dead letter where the subscription does not park',
    undefined,
    'its key cannot be parked: the subscription does not park keys (onExhausted)',
    undefined,
  ],
])('a letter that goes back %s', (_, parking, text, as) => {
  const { appended, runner: one } = runner();
  parkUnhandled(delivery, parking as never, one);
  expect(appended).toEqual([['PARKED', text, as]]);
});
