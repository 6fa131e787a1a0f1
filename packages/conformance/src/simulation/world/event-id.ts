/** What names an event in the books. */

const BEFORE = '{"event_id":"'.length;
const QUOTE = 0x22;

export function eventIdOf(topic: string, eventId: string): string {
  return `${topic}#${eventId}`;
}

/** The same, read off the bytes of an envelope: its id comes first. */
export function eventIdIn(topic: string, value: Uint8Array): string {
  let id = '';
  for (let i = BEFORE; i < value.length && value[i] !== QUOTE; i++)
    id += String.fromCharCode(value[i] as number);
  return eventIdOf(topic, id);
}
