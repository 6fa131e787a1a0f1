/** Topics that ebus makes for itself, for dead letters and probes, may be deleted by others while they are used. */
import { EbusError } from '../errors.js';

/** Topics of ebus itself. */
export interface OwnTopics {
  /** The broker does not have the topic any more: it is made again when it is next made sure of. */
  noteMissing(topic: string): void;
}

/** Does what makes sure of the topic and uses it; once more where the broker says that it does not have the topic. */
export async function usingOwnTopic<T>(topics: OwnTopics, topic: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (!EbusError.isInstance(error) || error.code !== 'TOPIC_NOT_FOUND') throw error;
    topics.noteMissing(topic);
    return use();
  }
}
