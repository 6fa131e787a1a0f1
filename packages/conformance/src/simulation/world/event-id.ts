/** What names an event in the books. */
import type { HeaderList } from '@ebus/core/driver';
import { idInHeaders } from '../brokers/records.js';

const BEFORE = '{"event_id":"'.length;
const QUOTE = 0x22;

/** The id in the books: unique over all topics. */
export function eventIdOf(topic: string, eventId: string): string {
  return `${topic}#${eventId}`;
}

/** The same, of a message: off the bytes of an envelope, where its id comes first, or in a header. */
export function eventIdIn(topic: string, value: Uint8Array, headers: HeaderList): string {
  if (value.length === 0) return eventIdOf(topic, idInHeaders(headers));
  let id = '';
  for (let i = BEFORE; i < value.length && value[i] !== QUOTE; i++)
    id += String.fromCharCode(value[i] as number);
  return eventIdOf(topic, id);
}
