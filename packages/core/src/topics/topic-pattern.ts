/** Patterns over topic names: `*` within a dot segment, `**` across segments. */
import { ConfigError } from '../errors.js';

/** A pattern, compiled. */
export interface TopicPattern {
  readonly text: string;
  matches(topic: string): boolean;
}

/**
 * `*` stands for any characters within one segment, none included; a segment `**` for any number of segments, none
 * included: `business.**` takes in `business` and `business.orders.eu`.
 * @throws ConfigError for an empty pattern, an empty segment, or `**` beside other characters
 */
export function topicPattern(text: string): TopicPattern {
  const segments = typeof text === 'string' ? text.split('.') : [];
  const wrong = segments.find((segment) => segment === '' || (segment.includes('**') && segment !== '**'));
  if (segments.length === 0 || wrong !== undefined) {
    throw new ConfigError(
      `invalid topic pattern '${String(text)}': use segments divided by dots, with '*' within one and '**' for several`,
    );
  }
  const compiled = segments.map((segment) => (segment === '**' ? undefined : segmentMatcher(segment)));
  return { text, matches: (topic) => matchesFrom(compiled, topic.split('.')) };
}

/** Negative where `a` is the more specific of two patterns that take in the same topic, 0 where neither is. */
export function compareSpecificity(a: string, b: string): number {
  const [left, right] = [a.split('.'), b.split('.')];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = specificity(right[index]) - specificity(left[index]);
    if (difference !== 0) return difference;
  }
  return 0;
}

const LITERAL = 1_000;

/** Plain text, then text with `*` (the more text, the more specific), then `*` alone, then none, then `**`. */
function specificity(segment: string | undefined): number {
  if (segment === '**') return -1;
  if (segment === undefined) return 0;
  if (!segment.includes('*')) return LITERAL;
  return 1 + segment.replaceAll('*', '').length;
}

type Matcher = (segment: string) => boolean;

function segmentMatcher(segment: string): Matcher {
  const [first = '', ...rest] = segment.split('*');
  if (rest.length === 0) return (text) => text === segment;
  const last = rest.pop() as string;
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
      return false;
    let at = first.length;
    const end = text.length - last.length;
    for (const part of rest) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}

/** Like a file glob: on a mismatch, the last `**` takes one segment more. Linear in practice, quadratic at worst. */
function matchesFrom(pattern: readonly (Matcher | undefined)[], segments: readonly string[]): boolean {
  let [at, index] = [0, 0];
  let [star, resume] = [-1, 0];
  while (index < segments.length) {
    const matcher = pattern[at];
    if (at < pattern.length && matcher === undefined) {
      [star, resume] = [at++, index];
    } else if (matcher?.(segments[index] as string)) {
      at++;
      index++;
    } else if (star >= 0) {
      at = star + 1;
      index = ++resume;
    } else {
      return false;
    }
  }
  while (at < pattern.length && pattern[at] === undefined) at++;
  return at === pattern.length;
}
