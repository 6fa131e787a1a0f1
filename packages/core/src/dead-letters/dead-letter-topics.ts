/** The settings of dead-letter topics: long retention, and room for any message of their topics. */
import type { CallOptions } from '../driver/driver.js';
import type { DriverTopicAdmin, TopicDescription } from '../driver/topic-admin.js';
import type { Logger } from '../logger.js';

const DAY_MS = 24 * 3_600_000;
const KEPT_DAYS = 30;
/** Dead letters are for people to look at: they are kept longer than the default. */
export const DEAD_LETTER_TOPIC = { persistence: 'persistent', retention: `${KEPT_DAYS}d` } as const;
/** Room for the headers that a dead letter gets, for names of any length in any broker's format. */
const HEADERS_BYTES = 64 * 1024;
/** Topics that are asked about; beyond that the first ones stand for all. */
const MAX_ASKED = 32;

/**
 * How large the messages of a new dead-letter topic may have to be: as large as those of the topics whose letters it holds,
 * headers added. Undefined where the broker has no such setting for a topic, or does not tell.
 */
export async function roomForLettersOf(
  topics: readonly string[],
  admin: DriverTopicAdmin,
  options: CallOptions,
): Promise<number | undefined> {
  const asked = topics.slice(0, MAX_ASKED).map(async (topic) => {
    const description = await admin.describe(topic, options).catch(() => undefined);
    return description?.maxMessageBytes ?? 0;
  });
  const largest = Math.max(0, ...(await Promise.all(asked)));
  return largest === 0 ? undefined : largest + HEADERS_BYTES;
}

/** Warns where a broker keeps dead letters in a shared stream or topic with a shorter retention. */
export function warnOfShortKeeping(
  logger: Logger,
  topic: string,
  { alterable, heldBy = 'something', retentionMs = 0, maxBytes = 0, maxMessages = 0 }: TopicDescription,
): void {
  // Whoever made a topic for dead letters alone has chosen how long they are kept.
  if (alterable !== false) return;
  const isShort = retentionMs > 0 && retentionMs < KEPT_DAYS * DAY_MS;
  if (!isShort && maxBytes === 0 && maxMessages === 0) return;
  const limits = {
    ...(isShort ? { retentionMs } : {}),
    ...(maxBytes > 0 ? { maxBytes } : {}),
    ...(maxMessages > 0 ? { maxMessages } : {}),
  };
  logger.warn(
    { topic, heldBy, ...limits },
    `dead letters lie in ${heldBy} together with other topics, and are forgotten by its limits, not after ${KEPT_DAYS} days; ` +
      `raise the limits, or leave '${topic}' out of it so that it gets a place of its own`,
  );
}
