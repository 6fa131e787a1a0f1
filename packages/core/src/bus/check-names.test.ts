import { expect, it } from 'vitest';
import type { ResolvedConfig } from '../config/schema.js';
import { TopicNameError } from '../errors.js';
import { ScriptedDriver } from '../testing/scripted-driver.js';
import { checkTopicNames } from './check-names.js';

const config = (deadLetterTopic: string, ...watched: (string | undefined)[]) =>
  ({
    publisher: { errorHandling: { deadLetterTopic } },
    subscriber: { errorHandling: { deadLetterTopic: '' } },
    healthCheck: { publisher: {}, subscribers: watched.map((topic) => ({ topic })) },
  }) as unknown as ResolvedConfig;

it('lets through names that are right, and those that are left out', () => {
  expect(() => checkTopicNames(config('dead', undefined, 'probes'), new ScriptedDriver())).not.toThrow();
});

it('names every one that ebus or the broker refuses, by its place', () => {
  const driver = new ScriptedDriver();
  const validateTopic = (topic: string) => {
    if (topic === 'too.deep') throw new TopicNameError(topic, 'no dots here');
  };
  Object.assign(driver, { validateTopic });
  expect(() => checkTopicNames(config('no name!', 'fine', 'too.deep'), driver)).toThrow(
    /publisher\.errorHandling\.deadLetterTopic: .*healthCheck\.subscribers\[1\]\.topic: .*no dots here/,
  );
});
