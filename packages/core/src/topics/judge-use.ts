/** Whether an existing topic is fit for its intended use: a pure decision. */
import type { Persistence } from '../driver/message.js';
import type { TopicDescription } from '../driver/topic-admin.js';
import type { TopicMismatch } from '../errors.js';

interface UseInput {
  readonly topic: string;
  readonly use: 'publish' | 'subscribe';
  readonly persistence: Persistence;
  /** The broker's settings, as far as they are known; unknown ones are not judged. */
  readonly actual: TopicDescription;
}

/** Empty lists: use it. */
export interface UseVerdict {
  /** A promise of ebus would be broken: it is refused. */
  readonly refused: readonly TopicMismatch[];
  /** It keeps the promises, but not the usual expectations: it is used, and warned of once. */
  readonly warned: readonly TopicMismatch[];
}

/**
 * A persistent topic keeps its messages until every group has handled them, also over a restart of the broker, and a
 * receipt means that a message is kept. What breaks that is refused; what shortens it in a way that its owner may have meant is
 * warned of. Ephemeral topics promise nothing of it.
 */
export function judgeUse({ topic, use, persistence, actual }: UseInput): UseVerdict {
  const refused: TopicMismatch[] = [];
  const warned: TopicMismatch[] = [];
  const { retentionKind, acknowledged, storage, maxMessagesPerSubject = 0, discard, writable } = actual;
  const place = actual.heldBy ?? 'the broker';
  const found = (field: string, expected: unknown, is: unknown, recommendation: string): TopicMismatch => ({
    topic,
    field,
    expected,
    actual: is,
    recommendation,
  });
  if (use === 'publish' && writable === false) {
    refused.push(
      found('writable', true, false, `${place} takes no messages: publish where it gets them from`),
    );
  }
  if (persistence !== 'persistent') return { refused, warned };
  if (retentionKind === 'interest' || retentionKind === 'workqueue') {
    const why = `${place} removes messages that some group has not seen: give it limits, or the topic a place of its own`;
    refused.push(found('retention', 'limits', retentionKind, why));
  }
  if (use === 'publish' && acknowledged === false) {
    const why = `${place} does not tell whether a message was stored: have it acknowledge, or make the topic ephemeral`;
    refused.push(found('acknowledged', true, false, why));
  }
  if (storage === 'memory') {
    const why = `${place} forgets everything when the broker restarts: keep it in files, or make the topic ephemeral`;
    refused.push(found('storage', 'file', storage, why));
  }
  if (maxMessagesPerSubject > 0) {
    const list = maxMessagesPerSubject < MANY ? refused : warned;
    const why = `${place} forgets older messages although groups may not have handled them: lift the limit`;
    list.push(found('maxMessagesPerSubject', 'no limit', maxMessagesPerSubject, why));
  }
  if (retentionKind === 'compaction') {
    const why =
      'older messages of a key go: fine for the last state of things, not for events that build on each other';
    warned.push(found('retention', 'limits', retentionKind, why));
  }
  if (use === 'publish' && discard === 'new' && actual.madeBy === 'others') {
    const why = `${place} refuses messages when it is full: have publishers expect that`;
    warned.push(found('discard', 'old', discard, why));
  }
  return { refused, warned };
}

/** A limit per subject below that is taken for one that keeps the last state only. */
const MANY = 1_000;
