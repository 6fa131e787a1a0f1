/** Finds the lane of a message: its key, else the aggregate id of its header, else that of its envelope. */
import type { Delivery } from '../consume/delivery.js';
import type { EnvelopeCodec } from '../envelope/codec.js';
import { findHeader, headerText } from '../headers.js';
import { keyText } from '../pipeline/message.js';

/** The lane of what has no aggregate: undecodable, so it fails at once and holds nobody up. */
const NO_AGGREGATE = '\0';

export function laneAssigner(codec: EnvelopeCodec): (delivery: Delivery) => void {
  return (delivery) => {
    const { key, headers, value } = delivery.incoming;
    if (key !== undefined && key !== '') {
      delivery.key = keyText(key) || NO_AGGREGATE;
      return;
    }
    const header = findHeader(headers, 'X-Aggregate-ID') ?? findHeader(headers, 'Aggregate-ID');
    if (header !== undefined && header.length > 0) {
      delivery.key = headerText(header);
      return;
    }
    try {
      delivery.decoded = codec.decode(value);
      delivery.key = delivery.decoded.aggregateId;
    } catch {
      // The handler's own decoding fails the same way, and reports it as this message's failure.
      delivery.key = NO_AGGREGATE;
    }
  };
}
