/** Names of topics in a configuration that are used long after the bus is made. */
import type { ResolvedConfig } from '../config/schema.js';
import type { Driver } from '../driver/driver.js';
import { ConfigError, type ConfigProblem, reasonOf } from '../errors.js';
import { validateTopicName } from '../topic-name.js';

/** @throws ConfigError listing every name that ebus or the broker refuses */
export function checkTopicNames(
  { publisher, subscriber, healthCheck }: ResolvedConfig,
  driver: Driver,
): void {
  const names: [path: string, topic: string | undefined][] = [
    ['publisher.errorHandling.deadLetterTopic', publisher.errorHandling.deadLetterTopic],
    ['subscriber.errorHandling.deadLetterTopic', subscriber.errorHandling.deadLetterTopic],
    ['healthCheck.publisher.topic', healthCheck.publisher.topic],
    ['healthCheck.subscriber.topic', healthCheck.subscriber?.topic],
    ...healthCheck.subscribers.map(({ topic }, index): [string, string | undefined] => [
      `healthCheck.subscribers[${index}].topic`,
      topic,
    ]),
  ];
  const problems: ConfigProblem[] = [];
  for (const [path, topic] of names) {
    if (topic === undefined || topic === '') continue;
    try {
      validateTopicName(topic);
      driver.validateTopic?.(topic, 'publish');
    } catch (error) {
      problems.push({ path, message: reasonOf(error) });
    }
  }
  if (problems.length === 0) return;
  const all = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw new ConfigError(`the configuration of the event bus is wrong: ${all}`, { problems });
}
