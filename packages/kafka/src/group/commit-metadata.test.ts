import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMetadata, encodeMetadata, MAX_METADATA } from './commit-metadata.js';

const ID = 'A2D4gIMgSoSclJrcdQYlJQ';
const encode = (committed: number, settled: readonly number[], id = ID) =>
  encodeMetadata(id, committed, (visit) => settled.forEach((one) => void visit(one)));

describe('commit metadata', () => {
  it('brings back what was settled beyond the committed offset', () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 40),
        fc.uniqueArray(fc.integer({ min: 1, max: 20_000 })),
        (committed, distances) => {
          const settled = distances.map((one) => committed + one).sort((a, b) => a - b);
          const text = encode(committed, settled);
          expect(text.length).toBeLessThanOrEqual(MAX_METADATA);
          expect(decodeMetadata(text, committed)).toEqual({ topicId: ID, settled });
        },
      ),
    );
  });

  it('brings back the topic id, whatever its bytes', () => {
    const id = (bytes: Uint8Array, alphabet: 'base64' | 'base64url') =>
      Buffer.from(bytes).toString(alphabet).replace(/=+$/, '');
    const uuids = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(uuids, fc.constantFrom('base64', 'base64url'), (bytes, alphabet) => {
        const topicId = id(bytes, alphabet);
        expect(decodeMetadata(encode(3, [5], topicId), 3)).toEqual({ topicId, settled: [5] });
      }),
    );
  });

  it('leaves out what does not fit, and nothing else', () => {
    const settled = Array.from({ length: 100_000 }, (_, i) => i + 1);
    const text = encode(0, settled);
    expect(text.length).toBeLessThan(4_096);
    const back = decodeMetadata(text, 0)?.settled as number[];
    expect(back).toEqual(settled.slice(0, back.length));
    expect(back.length).toBeGreaterThan(20_000);
  });

  it('is short where nothing is settled beyond', () => {
    expect(encode(5, [])).toBe(`ebus:1:${ID}:`);
  });

  it('takes any text without throwing, and never more offsets than the text has bits', () => {
    const texts = fc.oneof(
      fc.string({ maxLength: 6_000 }),
      fc.string().map((rest) => `ebus:1:${ID}:${rest}`),
      fc.base64String().map((rest) => `ebus:1:${ID}:${rest}`),
    );
    fc.assert(
      fc.property(texts, fc.nat(), (text, committed) => {
        const back = decodeMetadata(text, committed);
        for (const offset of back?.settled ?? []) expect(offset).toBeGreaterThan(committed);
        expect(back?.settled.length ?? 0).toBeLessThanOrEqual(text.length * 6);
      }),
    );
  });

  it.each([undefined, '', 'stored-by-sarama', 'ebus', 'ebus:1', `ebus:x:${ID}:`, 'ebus:1::'])(
    'takes %j for another client’s',
    (text) => expect(decodeMetadata(text, 3)).toBeUndefined(),
  );

  it('reads what other clients show of it: with the zero byte that the native client writes', () => {
    expect(decodeMetadata(`${encode(3, [5])}\0`, 3)).toEqual({ topicId: ID, settled: [5] });
    expect(decodeMetadata(`${encode(3, [])}\0`, 3)).toEqual({ topicId: ID, settled: [] });
  });

  it('reads what a later version adds, and ignores the bits of a later format', () => {
    expect(decodeMetadata(`${encode(3, [5])}:more:fields`, 3)).toEqual({ topicId: ID, settled: [5] });
    expect(decodeMetadata(`ebus:2:${ID}:AAAA`, 3)).toEqual({ topicId: ID, settled: [] });
  });
});
