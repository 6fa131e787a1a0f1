/** Judges the settings of a stream that only NATS has. The rest of the description is judged by core. Pure. */
import type { StreamConfig } from '@nats-io/jetstream';
import { covers } from './names.js';
import { isLayoutTransform } from './partitions/layout.js';

const NANOS = 1_000_000;
/** Shorter, and a publish that is tried again may be stored twice. */
const DUPLICATE_WINDOW_MS = 10_000;

interface StreamVerdict {
  /** Why the topic cannot use it, and what to do. */
  readonly refusal?: string;
  /** A weakness to log. */
  readonly warning?: string;
}

/** Refuses subject transforms that move the topic, and warns of a duplicate window below 10 s. */
export function judgeStream(topic: string, config: StreamConfig): StreamVerdict {
  const { duplicate_window: window = 0, name } = config;
  const movedTo = movedBy(topic, config);
  if (movedTo !== undefined) {
    const why = `stores it under another subject (subject_transform to '${movedTo}'). Take that out`;
    return { refusal: `stream '${name}', which holds '${topic}', ${why}` };
  }
  if (window > 0 && window < DUPLICATE_WINDOW_MS * NANOS) {
    return {
      warning:
        `it recognises a message that is sent again for ${window / NANOS} ms only (duplicate_window): ` +
        'retries may be stored twice',
    };
  }
  return {};
}

/** The subject under which the stream stores the topic, where that is another one. */
export function movedBy(topic: string, config: StreamConfig): string | undefined {
  const { subject_transform: transform } = config;
  if (transform === undefined || transform.src === transform.dest) return undefined;
  const moves = covers(transform.src || '>', topic) && !isLayoutTransform(topic, config);
  return moves ? transform.dest : undefined;
}
