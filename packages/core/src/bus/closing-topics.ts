/** Topics as applications see them: nothing is asked of the broker once the bus closes. */
import { BusClosedError } from '../errors.js';
import type { TopicManager } from '../topics/types.js';
import { abortable } from '../util/waiting.js';

const ASKING = ['configure', 'setPersistence', 'describe', 'apply', 'plan', 'watch'] as const;

/**
 * The same manager, whose calls to the broker reject with `BusClosedError` once `closing` has aborted, those under way
 * included. The bus itself goes on with the manager: dead letters of closing handlers still find their topics.
 */
export function untilClosing(topics: TopicManager, closing: AbortSignal): TopicManager {
  const guarded: Partial<Record<keyof TopicManager, unknown>> = {};
  for (const method of ASKING) {
    const ask = topics[method].bind(topics) as (...args: unknown[]) => Promise<unknown>;
    guarded[method] = async (...args: unknown[]) => {
      if (closing.aborted) throw new BusClosedError();
      try {
        return await abortable(ask(...args), closing, 'asking the broker');
      } catch (error) {
        throw closing.aborted ? new BusClosedError() : error;
      }
    };
  }
  return {
    get: (topic) => topics.get(topic),
    list: () => topics.list(),
    forget: (topic) => topics.forget(topic),
    ...(guarded as Pick<TopicManager, (typeof ASKING)[number]>),
  };
}
