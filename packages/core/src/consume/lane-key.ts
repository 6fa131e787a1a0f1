/** Finds the lane of a message: its messages are handled in order. */

import type { EnvelopeCodec } from '../envelope/codec.js';
import { findHeader, headerText } from '../headers.js';
import { keyText } from '../pipeline/message.js';
import type { Delivery } from './delivery.js';
import type { LaneBy } from './types.js';

/** The lane of messages without an aggregate: undecodable, so they fail at once and delay no other. */
const NO_AGGREGATE = '\0';

/**
 * By `aggregate` the envelope is asked first, since publishers choose keys and headers freely, and may name another
 * aggregate. By `key` the envelope is asked where there is neither. The decoded envelope stays with the delivery, so
 * its first attempt need not decode again; the window bounds how much that is.
 */
export function laneAssigner(codec: EnvelopeCodec, laneBy: LaneBy): (delivery: Delivery) => void {
  if (laneBy === 'aggregate') {
    return (delivery) => {
      // What cannot be decoded fails in its attempt, and tells why there.
      delivery.key = aggregateOf(delivery, codec) || keyOf(delivery) || NO_AGGREGATE;
    };
  }
  return (delivery) => {
    delivery.key = keyOf(delivery) || aggregateOf(delivery, codec) || NO_AGGREGATE;
  };
}

function keyOf({ incoming: { key, headers } }: Delivery): string | undefined {
  const text = keyText(key);
  if (text !== undefined && text !== '') return text;
  const header = findHeader(headers, 'X-Aggregate-ID') ?? findHeader(headers, 'Aggregate-ID');
  return header === undefined ? undefined : headerText(header);
}

function aggregateOf(delivery: Delivery, codec: EnvelopeCodec): string | undefined {
  try {
    const envelope = codec.decode(delivery.incoming.value);
    const lane = envelope.aggregateId.trim();
    delivery.decoded = envelope;
    return lane;
  } catch {
    return undefined;
  }
}
