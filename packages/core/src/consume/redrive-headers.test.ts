import { expect, it } from 'vitest';
import { PARK_REQUEST_HEADER } from '../dead-letters/format.js';
import type { HeaderList } from '../headers.js';
import { REDRIVE_GROUP_HEADER } from '../reserved-headers.js';
import { Delivery } from './delivery.js';
import { readRedrive } from './redrive-headers.js';

function read(headers: HeaderList) {
  const delivery = new Delivery({ token: 1, topic: 'orders', value: new Uint8Array(), headers }, 0);
  readRedrive(delivery, 'billing');
  const { redrivenFor, command, parks } = delivery;
  return { redrivenFor, command, parks };
}

const nothing = read([]);

it('finds nothing where nothing was redriven', () => {
  expect(nothing.redrivenFor).toBeUndefined();
  expect(read([['X-Other', 'billing']])).toEqual(nothing);
  expect(read([[PARK_REQUEST_HEADER, '1']])).toEqual(nothing);
});

it('says for which group, also where that is another one', () => {
  expect(read([[REDRIVE_GROUP_HEADER, 'billing']]).redrivenFor).toBe('billing');
  expect(read([[REDRIVE_GROUP_HEADER, new TextEncoder().encode('shipping')]]).redrivenFor).toBe('shipping');
});

it('heeds a command for its own group alone', () => {
  const parks = (group: string) =>
    read([
      [REDRIVE_GROUP_HEADER, group],
      [PARK_REQUEST_HEADER, '1'],
    ]).parks;
  expect([parks('billing'), parks('shipping')]).toEqual([true, nothing.parks]);
});
