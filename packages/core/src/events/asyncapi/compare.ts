/** The differences of two contracts, and whom each of them breaks. */
import { ConfigError } from '../../errors.js';
import { describeValue } from '../../util/describe-value.js';
import { type Breaks, compareSchemas } from './compare-schemas.js';
import type { AsyncApiDocument, JsonSchema } from './types.js';

/** One difference. */
export interface ContractChange {
  /**
   * Whom it breaks: `old consumers` refuse new events, so deploy consumers first; `new consumers` refuse events that are stored
   * already; `both`. Undefined where it breaks nobody.
   */
  readonly breaks: Breaks | undefined;
  readonly topic: string;
  readonly eventType?: string;
  /** Inside the payload: `items[].price`; empty for the payload itself. */
  readonly path?: string;
  readonly message: string;
}

/**
 * Compares two documents that `asyncApi` made: what was there before, and what is there now. Ordered by topic and event type.
 * A change that cannot be judged counts as breaking for both.
 */
export function compareAsyncApi(before: AsyncApiDocument, after: AsyncApiDocument): ContractChange[] {
  const [old, now] = [topicsOf('before', before), topicsOf('after', after)];
  return union(old, now).flatMap((topic): ContractChange[] => {
    const [oldEvents, newEvents] = [old.get(topic), now.get(topic)];
    if (newEvents === undefined) return [{ breaks: 'both', topic, message: 'the topic is gone' }];
    if (oldEvents === undefined) return [{ breaks: undefined, topic, message: 'the topic is new' }];
    return union(oldEvents, newEvents).flatMap((eventType): ContractChange[] => {
      const [was, is] = [oldEvents.get(eventType), newEvents.get(eventType)];
      if (is === undefined) return [{ breaks: 'both', topic, eventType, message: 'the event is gone' }];
      if (was === undefined) return [{ breaks: undefined, topic, eventType, message: 'the event is new' }];
      const changes = compareSchemas(
        { schema: was, root: before as unknown as JsonSchema },
        { schema: is, root: after as unknown as JsonSchema },
      );
      return changes.map((change) => ({ topic, eventType, ...change }));
    });
  });
}

/** The payload's schema of each event of each topic. */
function topicsOf(which: string, document: AsyncApiDocument): Map<string, Map<string, JsonSchema>> {
  if (typeof document?.channels !== 'object' || typeof document.components?.messages !== 'object') {
    throw new ConfigError(
      `compareAsyncApi(before, after): ${which} must be a document that asyncApi made, got ${describeValue(document)}`,
    );
  }
  const { channels, components } = document;
  return new Map(
    Object.values(channels).map(({ address, messages }) => {
      const events = Object.values(messages).flatMap(({ $ref }): [string, JsonSchema][] => {
        const message = components.messages[$ref.slice($ref.lastIndexOf('/') + 1)];
        const properties = message?.payload.properties as { payload?: JsonSchema } | undefined;
        return message === undefined ? [] : [[message.name, properties?.payload ?? {}]];
      });
      return [address, new Map(events)];
    }),
  );
}

function union(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].sort();
}
