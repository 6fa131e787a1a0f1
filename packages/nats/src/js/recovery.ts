/** What became of a consumer, seen from its subscription, and where one that is made anew begins. Pure. */
import type { ConsumerInfo, StreamInfo } from '@nats-io/jetstream';

/** How a consumer found under a known name relates to the known one. */
export type Found =
  /** The one that was there before. */
  | 'same'
  /** Another one of its name in the same stream: settlements with the old one count no more. */
  | 'another'
  /** In a stream that was made anew, whose sequences are others. */
  | 'new-stream';

/** `before`: when the consumer was made that this subscription knew. */
export function compare(
  before: string,
  info: Pick<ConsumerInfo, 'created'>,
  stream: Pick<StreamInfo, 'created'>,
): Found {
  if (info.created === before) return 'same';
  return isNewer(stream.created, before) ? 'new-stream' : 'another';
}

interface Recreation {
  readonly isSameStream: boolean;
  readonly from: number | 'earliest';
}

/**
 * A stream that was made after the consumer is another one, and has only later messages: all of them are read. In the
 * same one the group goes on where it stood. `floor`: up to where it has settled all messages.
 */
export function recreation(
  before: { readonly stream: string; readonly created: string },
  stream: { readonly name: string; readonly created: string },
  floor: number,
): Recreation {
  const isSameStream = stream.name === before.stream && !isNewer(stream.created, before.created);
  return isSameStream ? { isSameStream, from: floor + 1 } : { isSameStream, from: 'earliest' };
}

function isNewer(one: string, other: string): boolean {
  return Date.parse(one) > Date.parse(other);
}
