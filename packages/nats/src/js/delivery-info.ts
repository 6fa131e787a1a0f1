/** Reads the reply subject of a delivery. Pure. */

/** Of a time in nanoseconds, behind its milliseconds. */
const NANOS_DIGITS = 6;
const DOT = 0x2e;
const ZERO = 0x30;
/** Dots of a reply subject without domain and account. */
const SHORT = 8;

/** What JetStream says about a delivery in its reply subject. */
interface DeliveryInfo {
  readonly sequence: number;
  /** Counts the deliveries of the consumer, to whomever. */
  readonly consumerSequence: number;
  readonly deliveryCount: number;
}

/**
 * `$JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time in ns>.<pending>`, and with a domain
 * and an account hash after `ACK` on later servers.
 */
export function readDeliveryInfo(reply: Uint8Array): DeliveryInfo {
  let at = firstNumber(reply);
  let deliveryCount = 0;
  for (; at < reply.length && reply[at] !== DOT; at++) deliveryCount = deliveryCount * 10 + digit(reply, at);
  let sequence = 0;
  for (at++; at < reply.length && reply[at] !== DOT; at++) sequence = sequence * 10 + digit(reply, at);
  let consumerSequence = 0;
  for (at++; at < reply.length && reply[at] !== DOT; at++)
    consumerSequence = consumerSequence * 10 + digit(reply, at);
  return { deliveryCount, sequence, consumerSequence };
}

/** Epoch milliseconds at which the stream stored it. */
export function timestampOf(reply: Uint8Array): number {
  let start = firstNumber(reply);
  for (let token = 0; token < 3; token++) start = endOf(reply, start) + 1;
  return numberAt(reply, start, endOf(reply, start) - NANOS_DIGITS);
}

/** Where the number of deliveries begins. */
function firstNumber(reply: Uint8Array): number {
  let dots = 0;
  let inShort = reply.length;
  let inLong = reply.length;
  for (let i = 0; i < reply.length; i++) {
    if (reply[i] !== DOT) continue;
    dots++;
    if (dots === 4) inShort = i + 1;
    else if (dots === 6) inLong = i + 1;
  }
  return dots === SHORT ? inShort : inLong;
}

/** Of the token that begins there. */
function endOf(reply: Uint8Array, start: number): number {
  for (let i = start; i < reply.length; i++) if (reply[i] === DOT) return i;
  return reply.length;
}

function numberAt(reply: Uint8Array, start: number, end: number): number {
  let number = 0;
  for (let i = start; i < end; i++) number = number * 10 + digit(reply, i);
  return number;
}

function digit(reply: Uint8Array, at: number): number {
  return (reply[at] as number) - ZERO;
}
