/** Where a dead letter may be redriven to. Who writes one chooses the topic that it names, so its word is not enough. Pure. */

import { shown } from '../util/shown.js';
import { defaultDeadLetterTopic } from './format.js';

/** Where the letters of one redrive may go. */
export interface DestinationRules {
  /** What `redrive` was called with: a topic, or the dead-letter topic itself. */
  readonly asked: string;
  readonly deadLetterTopic: string;
  /** Topics whose subscriptions here dead-letter into it. */
  readonly subscribed: ReadonlySet<string>;
  /** Topics that the caller names besides. */
  readonly to: ReadonlySet<string>;
  /** It is the one that the configuration has for all topics. */
  readonly isShared: boolean;
  /** @throws TopicNameError */
  validateName(topic: string): void;
}

/** `goes`: back to the topic it names. `stays`: another topic's. `refused`: it may not go where it wants, and why. */
export type Destination =
  | { readonly kind: 'goes' }
  | { readonly kind: 'stays' }
  | { readonly kind: 'refused'; readonly reason: string };

/** Decides whether a dead letter may be published to the topic that it names. Pure. */
export function destinationOf(originalTopic: string | undefined, rules: DestinationRules): Destination {
  const { asked, deadLetterTopic, subscribed, to, isShared, validateName } = rules;
  if (originalTopic === undefined) return refused('it does not say where it came from (X-Original-Topic)');
  try {
    validateName(originalTopic);
  } catch (error) {
    return refused(`it names no topic: ${shown(error)}`);
  }
  if (originalTopic === deadLetterTopic)
    return refused('it says that it came from the dead-letter topic itself');
  if (to.has(originalTopic)) return { kind: 'goes' };
  const belongs = originalTopic === asked || subscribed.has(originalTopic) || isDefault(rules, originalTopic);
  if (belongs) return { kind: asked === deadLetterTopic || originalTopic === asked ? 'goes' : 'stays' };
  // With one dead-letter topic for all, it may well be the letter of a topic that this bus has nothing to do with.
  if (isShared && asked !== deadLetterTopic) return { kind: 'stays' };
  const name = shown(originalTopic);
  return refused(
    `it names '${name}', and '${deadLetterTopic}' is not known to hold letters of that topic; give to: ['${name}'] if it ` +
      'may go there',
  );
}

/** `x.dlq` holds the letters of `x`. */
function isDefault({ deadLetterTopic }: DestinationRules, topic: string): boolean {
  return defaultDeadLetterTopic(topic) === deadLetterTopic;
}

function refused(reason: string): Destination {
  return { kind: 'refused', reason };
}
