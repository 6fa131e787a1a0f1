/** The rules that every topic name obeys on every transport; adapters add their broker's own. */
import { TopicNameError } from './errors.js';

/** In bytes, which for a valid name are characters. */
const MAX_LENGTH = 255;

const TAB = 0x09;
const SPACE = 0x20;
const DELETE = 0x7f;

/** True where `validateTopicName` would not throw. */
export function isValidTopicName(topic: string): boolean {
  if (typeof topic !== 'string' || topic.length === 0 || topic.length > MAX_LENGTH) return false;
  for (let i = 0; i < topic.length; i++) {
    const code = topic.charCodeAt(i);
    if ((code <= SPACE && code !== TAB) || code >= DELETE) return false;
  }
  return true;
}

/**
 * Refuses names that are empty, longer than 255 bytes, or that hold spaces, non-ASCII or control characters
 * (a tab is let through). The first broken rule, in that order, is the one reported.
 * @throws TopicNameError
 */
export function validateTopicName(topic: string): void {
  if (!isValidTopicName(topic)) throw new TopicNameError(topic, reasonAgainst(topic));
}

function reasonAgainst(topic: string): string {
  if (typeof topic !== 'string')
    return `topic name must be a string, got ${typeof topic}; it is the first argument`;
  if (topic === '') return 'topic name cannot be empty';
  const bytes = Buffer.byteLength(topic);
  if (bytes > MAX_LENGTH) return `topic name too long (${bytes} characters, maximum ${MAX_LENGTH})`;
  if (topic.includes(' ')) return 'topic name cannot contain spaces';
  // What precedes the first non-ASCII character is ASCII, so its index is its byte offset.
  for (let i = 0; i < topic.length; i++) {
    if (topic.charCodeAt(i) > DELETE) {
      const character = String.fromCodePoint(topic.codePointAt(i) as number);
      return (
        `topic name contains non-ASCII character '${character}' at position ${i}. ` +
        'Kafka requires ASCII characters only (a-z, A-Z, 0-9, -, _, .). ' +
        'Chinese, Japanese, Korean and other Unicode characters are not allowed'
      );
    }
  }
  const position = [...topic].findIndex((character) => character !== '\t' && !isPrintable(character));
  return `topic name contains control character at position ${position}`;
}

function isPrintable(character: string): boolean {
  const code = character.charCodeAt(0);
  return code >= SPACE && code < DELETE;
}
