/** The key of a record that was published to a topic's own name, by a producer that knows nothing of partitions. Pure. */
import type { IncomingMessage } from '@ebus/core/driver';

const decoder = new TextDecoder();

/** From its headers, else from the envelope in its body; empty where there is neither. */
export function rawKey({ key, value }: Pick<IncomingMessage, 'key' | 'value'>): string {
  if (key !== undefined && key.length > 0) return typeof key === 'string' ? key : decoder.decode(key);
  try {
    const { aggregate_id: id } = JSON.parse(decoder.decode(value)) as { aggregate_id?: unknown };
    return typeof id === 'string' ? id.trim() : '';
  } catch {
    return '';
  }
}
