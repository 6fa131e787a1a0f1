/** Topics that ebus makes for itself, for dead letters and probes, may be deleted by others while they are used. */
import { EbusError } from '../errors.js';
import type { BusTopicManager } from '../topics/topic-manager.js';

/** Does what makes sure of the topic and uses it; once more where the broker says that it does not have the topic. */
export async function usingOwnTopic<T>(
  topics: BusTopicManager,
  topic: string,
  use: () => Promise<T>,
): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (!EbusError.isInstance(error) || error.code !== 'TOPIC_NOT_FOUND') throw error;
    topics.noteMissing(topic);
    return use();
  }
}
