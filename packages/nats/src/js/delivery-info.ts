/** Reads the reply subject of a delivery. Pure. */

/** Of a time in nanoseconds, behind its milliseconds. */
const NANOS_DIGITS = 6;

/** What JetStream says about a delivery in its reply subject. */
interface DeliveryInfo {
  readonly sequence: number;
  /** Counts the deliveries of the consumer, to whomever. */
  readonly consumerSequence: number;
  readonly deliveryCount: number;
  /** Epoch milliseconds at which the stream stored it. */
  readonly timestamp: number;
}

/**
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time in ns>.<pending>`, and with a domain
 * and an account hash after `ACK` on later servers.
 */
export function readDeliveryInfo(reply: string): DeliveryInfo {
  const dots: number[] = [];
  for (let at = reply.indexOf('.'); at !== -1; at = reply.indexOf('.', at + 1)) dots.push(at);
  const first = dots.length === 8 ? 3 : 5;
  const token = (index: number, cut = 0) =>
    Number(
      reply.slice((dots[first + index] ?? reply.length) + 1, (dots[first + index + 1] ?? reply.length) - cut),
    );
  return {
    deliveryCount: token(0),
    sequence: token(1),
    consumerSequence: token(2),
    timestamp: token(3, NANOS_DIGITS),
  };
}
