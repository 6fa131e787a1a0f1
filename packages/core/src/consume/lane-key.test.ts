import { describe, expect, it, vi } from 'vitest';
import { encodeEnvelope, jsonCodec } from '../envelope/codec.js';
import { createEnvelope } from '../envelope/envelope.js';
import type { HeaderList } from '../headers.js';
import { Delivery } from './delivery.js';
import { laneAssigner } from './lane-key.js';

const bytes = (aggregateId: string) =>
  encodeEnvelope(createEnvelope({ aggregateId, eventType: 't', eventVersion: 1, payload: 1 }));

function delivered(value: Uint8Array, key?: string | Uint8Array, headers: HeaderList = []): Delivery {
  return new Delivery({ topic: 'orders', key, value, headers, token: undefined }, 0);
}

describe('the lane of a message', () => {
  const header: HeaderList = [['X-Aggregate-ID', 'header']];

  it.each<[string, Delivery, byAggregate: string, byKey: string]>([
    ['with the same key', delivered(bytes('a'), 'a'), 'a', 'a'],
    ['with a foreign key', delivered(bytes('a'), 'key'), 'a', 'key'],
    ['with a key of bytes', delivered(bytes('a'), Buffer.from('key')), 'a', 'key'],
    ['with a foreign header', delivered(bytes('a'), undefined, header), 'a', 'header'],
    ['with an empty key', delivered(bytes('a'), '', header), 'a', 'header'],
    ['with neither', delivered(bytes('a')), 'a', 'a'],
    ['with white space around its aggregate', delivered(bytes(' a ')), 'a', 'a'],
    ['that is no envelope', delivered(Buffer.from('{}'), 'key'), 'key', 'key'],
    ['that is no envelope and has no key', delivered(Buffer.from('{}')), '\0', '\0'],
  ])('%s', (_name, delivery, byAggregate, byKey) => {
    laneAssigner(jsonCodec, 'aggregate')(delivery);
    expect(delivery.key).toBe(byAggregate);
    laneAssigner(jsonCodec, 'key')(delivery);
    expect(delivery.key).toBe(byKey);
  });

  it('keeps what it decoded, and by key decodes only where it must', () => {
    const decode = vi.fn(jsonCodec.decode);
    const codec = { ...jsonCodec, encode: jsonCodec.encode, decode };
    const [first, second] = [delivered(bytes('a'), 'a'), delivered(bytes('a'), 'a')];
    laneAssigner(codec, 'key')(first);
    expect(first.decoded).toBeUndefined();
    expect(decode).not.toHaveBeenCalled();
    laneAssigner(codec, 'aggregate')(second);
    expect(second.decoded).toMatchObject({ aggregateId: 'a' });
  });
});
