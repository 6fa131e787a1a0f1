import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TopicNameError } from './errors.js';
import { isValidTopicName, validateTopicName } from './topic-name.js';

function reason(topic: string): string | undefined {
  try {
    validateTopicName(topic);
  } catch (error) {
    expect(TopicNameError.isInstance(error)).toBe(true);
    return (error as Error).message.slice(`invalid topic name '${topic}': `.length);
  }
  return undefined;
}

describe('validateTopicName', () => {
  it.each(['orders', 'orders.created', 'a', 'A-Z_0.9', 'orders/eu', 'tab\there', '~!', 'x'.repeat(255)])(
    'accepts %j',
    (topic) => {
      expect(reason(topic)).toBeUndefined();
      expect(isValidTopicName(topic)).toBe(true);
    },
  );

  const nonAscii = (character: string, position: number) =>
    `topic name contains non-ASCII character '${character}' at position ${position}. ` +
    'Kafka requires ASCII characters only (a-z, A-Z, 0-9, -, _, .). ' +
    'Chinese, Japanese, Korean and other Unicode characters are not allowed';

  it.each([
    ['', 'topic name cannot be empty'],
    ['x'.repeat(256), 'topic name too long (256 characters, maximum 255)'],
    ['é'.repeat(128), 'topic name too long (256 characters, maximum 255)'],
    ['a b', 'topic name cannot contain spaces'],
    [' ', 'topic name cannot contain spaces'],
    ['订单', nonAscii('订', 0)],
    ['order-é', nonAscii('é', 6)],
    ['ok😀', nonAscii('😀', 2)],
    ['a\u0085', nonAscii('\u0085', 1)],
    ['a\nb', 'topic name contains control character at position 1'],
    ['\t\t\0', 'topic name contains control character at position 2'],
    ['ab\x7f', 'topic name contains control character at position 2'],
    ['\x01é', nonAscii('é', 1)],
    ['\x01 é', 'topic name cannot contain spaces'],
  ])('refuses %j', (topic, expected) => {
    expect(reason(topic)).toBe(expected);
    expect(isValidTopicName(topic)).toBe(false);
  });

  it.each([undefined, null, 7])('refuses %s as no string', (topic) => {
    expect(() => validateTopicName(topic as unknown as string)).toThrow('topic name must be a string');
  });

  it('accepts exactly what a plain reading of the rules accepts', () => {
    const character = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
    const plain = fc.string({ unit: character, maxLength: 130, size: 'max' });
    const odd = fc.constantFrom('', '\t', ' ', '\n', '\x1f', '\x7f', '\x80', 'é', '\u2028', '😀', '\ud800');
    fc.assert(
      fc.property(plain, odd, plain, (before, between, after) => {
        const topic = before + between + after;
        const expected = /^[\t\x21-\x7e]{1,255}$/.test(topic);
        expect(isValidTopicName(topic)).toBe(expected);
        expect(reason(topic) === undefined).toBe(expected);
      }),
    );
  });
});
