/** Messages that become letters of parked keys without having been handled. */
import { EbusError } from '../errors.js';
import type { Delivery } from './delivery.js';
import type { Parking } from './parking.js';
import type { Runner } from './runner.js';

/** It waits behind the letters of its key. */
export function appendBehind(delivery: Delivery, runner: Pick<Runner, 'append'>): void {
  runner.append(delivery, parked('an earlier message of its key is parked'), 'behind');
}

/** It asks for that, and becomes the first letter of its key. A key that cannot be parked keeps its dead letter. */
export function parkUnhandled(
  delivery: Delivery,
  parking: Pick<Parking, 'refusal'> | undefined,
  runner: Pick<Runner, 'append'>,
): void {
  const refusal =
    parking === undefined ? 'the subscription does not park keys (onExhausted)' : parking.refusal(delivery);
  if (refusal === undefined) runner.append(delivery, parked('parked by hand'), 'first');
  else runner.append(delivery, parked(`its key cannot be parked: ${refusal}`), undefined);
}

const parked = (text: string) => new EbusError(text, { code: 'PARKED' });
