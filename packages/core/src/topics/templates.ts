/** Options for topics by the pattern of their names. */
import { ConfigError } from '../errors.js';
import { validateTopicName } from '../topic-name.js';
import { compareSpecificity, type TopicPattern, topicPattern } from './topic-pattern.js';
import { readTopicOptions, throwProblems } from './topic-spec.js';
import type { ConfigureOptions, TopicManager, TopicOptions, TopicOutcome } from './types.js';

export class TopicTemplates {
  readonly #templates: readonly { pattern: TopicPattern; options: TopicOptions }[];

  /**
   * @param templates options by pattern: `*` within a dot segment, `**` for any number of segments
   * @throws ConfigError listing every pattern and option that is wrong
   */
  constructor(templates: Readonly<Record<string, TopicOptions>>) {
    if (typeof templates !== 'object' || templates === null) {
      throw new ConfigError("TopicTemplates needs an object of options by pattern, { 'audit.*': { … } }");
    }
    const problems: { path: string; message: string }[] = [];
    for (const [pattern, options] of Object.entries(templates)) {
      readTopicOptions(pattern, options, 'persistent', problems);
    }
    throwProblems('the topic templates are wrong', problems);
    this.#templates = Object.entries(templates)
      .map(([pattern, options]) => ({ pattern: topicPattern(pattern), options: { ...options } }))
      // Stable: of two that are equally specific the first one given wins.
      .sort((a, b) => compareSpecificity(a.pattern.text, b.pattern.text));
  }

  /**
   * The options of the most specific pattern that takes the topic in, and only of that; undefined where none does.
   * Patterns are compared segment by segment from the left: plain text before `a*`, before `*`, before `**`.
   * @throws TopicNameError
   */
  match(topic: string): TopicOptions | undefined {
    validateTopicName(topic);
    const found = this.#templates.find(({ pattern }) => pattern.matches(topic));
    return found === undefined ? undefined : { ...found.options };
  }

  /**
   * Configures each topic by its template, as `topics.apply` does.
   * @throws ConfigError naming the topics that no template takes in; nothing is configured then
   */
  async apply(
    bus: { readonly topics: Pick<TopicManager, 'apply'> },
    topics: Iterable<string>,
    how?: ConfigureOptions,
  ): Promise<TopicOutcome[]> {
    const configs: [string, TopicOptions][] = [];
    const without: string[] = [];
    for (const topic of topics) {
      const options = this.match(topic);
      if (options === undefined) without.push(topic);
      else configs.push([topic, options]);
    }
    if (without.length > 0) {
      const known = this.#templates.map(({ pattern }) => pattern.text).join(', ');
      throw new ConfigError(
        `no template takes in ${without.join(', ')}; the templates are ${known || 'none'}`,
        {
          problems: without.map((topic) => ({ path: `topics.${topic}`, message: 'no template takes it in' })),
        },
      );
    }
    return bus.topics.apply(Object.fromEntries(configs), how);
  }
}
