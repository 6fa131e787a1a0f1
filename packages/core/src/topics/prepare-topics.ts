/** Checking configured topics, all of them before the broker is asked for anything. */
import type { Driver } from '../driver/driver.js';
import { ConfigError, type ConfigProblem } from '../errors.js';
import { isOptionsObject } from '../util/options.js';
import type { Wanted } from './broker-topics.js';
import type { TopicGovernance } from './governance.js';
import { persistenceOf, readTopicOptions, throwProblems, writtenOptions } from './topic-spec.js';
import type { TopicOptions } from './types.js';

/** The transport, and the rules for topics. */
export interface PrepareOptions {
  readonly driver: Pick<Driver, 'defaultPersistence'>;
  readonly governance: TopicGovernance | undefined;
  /** @throws TopicNameError */
  validateName(topic: string): void;
}

/**
 * Topics as they are to be, in the order given.
 * @throws TopicNameError where a name is the only problem
 * @throws ConfigError listing all problems
 */
export function prepareTopics(
  configs: readonly (readonly [string, TopicOptions])[],
  options: PrepareOptions,
): Wanted[] {
  const { driver, governance, validateName } = options;
  const problems: ConfigProblem[] = [];
  let nameError: unknown;
  const all = configs.map(([topic, given]): Wanted => {
    try {
      validateName(topic);
    } catch (error) {
      nameError = error;
      problems.push({ path: `topics.${topic}`, message: (error as Error).message });
    }
    const found: ConfigProblem[] = [];
    const written = readTopicOptions(topic, given, driver.defaultPersistence, found);
    const chosen = found.length === 0 ? writtenOptions(given) : {};
    const persistence = persistenceOf(chosen, driver);
    if (found.length === 0) {
      for (const { field, message } of governance?.check(topic, { ...chosen, persistence }) ?? []) {
        found.push({ path: `topics.${topic}.${field}`, message });
      }
    }
    problems.push(...found);
    return { topic, options: chosen, written, persistence };
  });
  if (nameError !== undefined && problems.length === 1) throw nameError;
  const what =
    configs.length === 1 ? `the configuration of topic '${configs[0]?.[0]}'` : 'the configuration of topics';
  throwProblems(`${what} is wrong`, problems);
  return all;
}

/** The topics of an object by name. @throws ConfigError for anything else */
export function entriesOf(configs: Record<string, TopicOptions>): [string, TopicOptions][] {
  if (isOptionsObject(configs)) return Object.entries(configs);
  throw new ConfigError("topics are given as an object of options by name, { 'orders': { … } }");
}
