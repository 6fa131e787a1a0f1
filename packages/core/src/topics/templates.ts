/** Options for topics by the pattern of their names. */
import { ConfigError } from '../errors.js';
import { validateTopicName } from '../topic-name.js';
import { compareSpecificity, type TopicPattern, topicPattern } from './topic-pattern.js';
import { readTopicOptions, throwProblems } from './topic-spec.js';
import type { ConfigureOptions, TopicManager, TopicOptions, TopicOutcome } from './types.js';

/** The result of applying templates to a topic. */
export interface TemplateOutcome extends Omit<TopicOutcome, 'action'> {
  /** `unmatched`: no template takes the topic in, and nothing was done about it. */
  readonly action: TopicOutcome['action'] | 'unmatched';
}

/** Options by pattern; the most specific pattern that matches a name counts. */
export class TopicTemplates {
  readonly #templates: readonly { pattern: TopicPattern; options: TopicOptions }[];

  /**
   * @param templates options by pattern: `*` within a dot segment, `**` for any number of segments
   * @throws ConfigError listing every pattern and option that is wrong
   */
  constructor(templates: Readonly<Record<string, TopicOptions>>) {
    if (typeof templates !== 'object' || templates === null || Array.isArray(templates)) {
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
   * Configures each topic by its template, as `topics.apply` does. A topic that no template takes in is left alone, and has
   * an outcome that says `unmatched`. Outcomes are in the order of the topics.
   * @throws TopicNameError, and what `topics.apply` throws
   */
  async apply(
    bus: { readonly topics: Pick<TopicManager, 'apply'> },
    topics: Iterable<string>,
    how?: ConfigureOptions,
  ): Promise<TemplateOutcome[]> {
    const wanted = [...topics].map((topic) => [topic, this.match(topic)] as const);
    const configs = wanted.filter((one): one is readonly [string, TopicOptions] => one[1] !== undefined);
    const outcomes = await bus.topics.apply(Object.fromEntries(configs), how);
    const byTopic = new Map(outcomes.map((outcome) => [outcome.topic, outcome]));
    return wanted.flatMap(([topic, options]): TemplateOutcome[] => {
      if (options === undefined) return [unmatched(topic)];
      const outcome = byTopic.get(topic);
      return outcome === undefined ? [] : [outcome];
    });
  }
}

function unmatched(topic: string): TemplateOutcome {
  return { topic, action: 'unmatched', changed: [], mismatches: [], unsupported: [] };
}
