/** Rules that all configured topics have to keep. */
import { type Duration, formatDuration, parseDuration } from '../duration.js';
import { ConfigError, type ConfigProblem, UnsupportedError } from '../errors.js';
import { mapLimited } from '../util/map-limited.js';
import * as kinds from '../util/option-kinds.js';
import { checkOptions, optionProblems, optionTable } from '../util/options.js';
import { type TopicPattern, topicPattern } from './topic-pattern.js';
import { TOPIC_DEFAULTS, toTopicSpec } from './topic-spec.js';
import type { TopicManager, TopicOptions, TopicOutcome } from './types.js';

/** Demands on the topics of a pattern. All rules whose pattern matches a topic apply to it. */
export interface TopicRule {
  /** `*` within a dot segment, `**` for any number of segments. */
  readonly pattern: string;
  readonly minReplicas?: number;
  readonly maxRetention?: Duration;
  readonly requiredPersistence?: 'persistent' | 'ephemeral';
}

/** One rule that a topic breaks. */
export interface TopicViolation {
  readonly topic: string;
  /** The pattern of the rule. */
  readonly rule: string;
  readonly field: 'replicas' | 'retention' | 'persistence';
  readonly required: number | string;
  readonly actual: number | string;
  readonly message: string;
}

/** The outcome of `enforce`. */
export interface EnforceReport {
  /** The topics that were looked at: those configured on the bus. */
  readonly checked: readonly string[];
  /** All violations found. */
  readonly violations: readonly TopicViolation[];
  /** Results of configuring the violating topics anew; empty without `fix`. */
  readonly fixed: readonly TopicOutcome[];
  /** Violations that remain: all without `fix`; with it those where two rules contradict each other. */
  readonly remaining: readonly TopicViolation[];
}

/** The part of a bus that `enforce` needs. Without `describe` only written options are checked. */
export interface GovernedBus {
  readonly topics: Pick<TopicManager, 'list' | 'get' | 'apply'> & Partial<Pick<TopicManager, 'describe'>>;
}

/** Topics that are asked about at once. */
const CONCURRENCY = 16;

interface Rule {
  readonly pattern: TopicPattern;
  readonly minReplicas: number | undefined;
  readonly maxRetentionMs: number | undefined;
  readonly requiredPersistence: 'persistent' | 'ephemeral' | undefined;
}

const RULE = optionTable<TopicRule>({
  pattern: kinds.required(kinds.filledText),
  minReplicas: kinds.positiveInteger,
  maxRetention: kinds.positiveDuration,
  requiredPersistence: kinds.oneOf('persistent', 'ephemeral'),
});
const ENFORCE = optionTable<{ fix: boolean }>({ fix: kinds.required(kinds.flag) });

/** Rules for names and settings. Give it to `createEventBus`; every `configure` is held to it. */
export class TopicGovernance {
  readonly #rules: readonly Rule[];

  /** @throws ConfigError listing all problems of the rules */
  constructor(rules: readonly TopicRule[]) {
    if (!Array.isArray(rules))
      throw new ConfigError("TopicGovernance needs a list of rules, [{ pattern: '…' }]");
    const problems: ConfigProblem[] = [];
    this.#rules = rules.map((rule, index) => readRule(rule, `rules.${index}`, problems));
    if (problems.length > 0) {
      const list = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
      throw new ConfigError(`the topic governance is wrong: ${list}`, { problems });
    }
  }

  /**
   * The violations of a topic created with these options: an option left out counts as its default. A persistence of
   * `auto`, which is the adapter's, fulfils no required one unless the caller resolves it first, as a bus does.
   */
  check(topic: string, options: TopicOptions): TopicViolation[] {
    // Throws for options that are none; the persistence of `auto` does not matter for that.
    toTopicSpec(topic, options, 'persistent');
    const replicas = options.replicas ?? TOPIC_DEFAULTS.replicas;
    const retention = parseDuration(options.retention ?? TOPIC_DEFAULTS.retention);
    const persistence = options.persistence ?? TOPIC_DEFAULTS.persistence;
    const violations: TopicViolation[] = [];
    for (const { pattern, minReplicas, maxRetentionMs, requiredPersistence } of this.#of(topic)) {
      const rule = pattern.text;
      if (minReplicas !== undefined && !(replicas >= minReplicas)) {
        const message = `topic ${topic} requires at least ${minReplicas} replicas, got ${replicas}`;
        violations.push({ topic, rule, field: 'replicas', required: minReplicas, actual: replicas, message });
      }
      if (maxRetentionMs !== undefined && (retention === 0 || retention > maxRetentionMs)) {
        const required = formatDuration(maxRetentionMs);
        const actual = retention === 0 ? 'no limit' : formatDuration(retention);
        const message = `topic ${topic} allows a retention of at most ${required}, got ${actual}`;
        violations.push({ topic, rule, field: 'retention', required, actual, message });
      }
      if (requiredPersistence !== undefined && persistence !== requiredPersistence) {
        const message = `topic ${topic} requires persistence ${requiredPersistence}, got ${persistence}`;
        const required = requiredPersistence;
        violations.push({ topic, rule, field: 'persistence', required, actual: persistence, message });
      }
    }
    return violations;
  }

  /** The options with just so much changed that the rules are kept. */
  fix(topic: string, options: TopicOptions): TopicOptions {
    const fixed: TopicOptions = { ...options };
    // Several rules may demand a field: the strictest comes to stand, whichever order they have.
    for (const { field } of this.check(topic, options)) {
      const rules = this.#of(topic);
      if (field === 'replicas') fixed.replicas = Math.max(...rules.map(({ minReplicas = 0 }) => minReplicas));
      if (field === 'retention') {
        fixed.retention = Math.min(
          ...rules.map(({ maxRetentionMs }) => maxRetentionMs ?? Number.POSITIVE_INFINITY),
        );
      }
      if (field === 'persistence') {
        const demanded = rules.find(({ requiredPersistence }) => requiredPersistence !== undefined);
        if (demanded?.requiredPersistence !== undefined) fixed.persistence = demanded.requiredPersistence;
      }
    }
    return fixed;
  }

  /**
   * Checks every topic configured on the bus: its written options, and for the rest the broker's settings.
   * With `fix` it configures those anew that violate a rule, as they were written, with just the violated options changed:
   * topics that keep the rules are not touched.
   * @throws the errors of `topics.describe` and `topics.apply`
   */
  async enforce({ topics }: GovernedBus, options: { fix: boolean }): Promise<EnforceReport> {
    checkOptions('governance.enforce', options ?? null, ENFORCE);
    const { fix } = options;
    const checked = topics.list();
    const all = await mapLimited(checked, CONCURRENCY, async (topic) => {
      const [written, found] = [topics.get(topic), await onBroker(topics, topic)];
      return { topic, written, found, violations: this.check(topic, { ...found, ...written }) };
    });
    const violations = all.flatMap((one) => one.violations);
    if (!fix || violations.length === 0) return { checked, violations, fixed: [], remaining: violations };
    const configs: Record<string, TopicOptions> = {};
    const remaining: TopicViolation[] = [];
    for (const { topic, written, found, violations: of } of all) {
      if (of.length === 0) continue;
      const fixed = this.fix(topic, { ...found, ...written });
      const changed = Object.fromEntries(of.map(({ field }) => [field, fixed[field]]));
      configs[topic] = { ...written, ...changed };
      remaining.push(...this.check(topic, { ...found, ...configs[topic] }));
    }
    return { checked, violations, fixed: await topics.apply(configs), remaining };
  }

  #of(topic: string): Rule[] {
    return this.#rules.filter(({ pattern }) => pattern.matches(topic));
  }
}

/** The broker's settings that rules are about; empty where it does not have the topic, or cannot be asked. */
async function onBroker(topics: GovernedBus['topics'], topic: string): Promise<TopicOptions> {
  try {
    const found = await topics.describe?.(topic);
    if (found === undefined) return {};
    const { replicas, retentionMs = 0 } = found;
    return { retention: retentionMs, ...(replicas === undefined ? {} : { replicas }) };
  } catch (error) {
    if (UnsupportedError.isInstance(error)) return {};
    throw error;
  }
}

function readRule(rule: TopicRule, path: string, problems: ConfigProblem[]): Rule {
  const found = optionProblems(rule ?? null, RULE);
  let pattern = NO_RULE.pattern;
  if (!found.some((problem) => problem.path === '' || problem.path === 'pattern')) {
    try {
      pattern = topicPattern(rule.pattern);
    } catch (error) {
      found.push({ path: 'pattern', message: (error as Error).message });
    }
  }
  for (const problem of found) {
    problems.push({ ...problem, path: problem.path === '' ? path : `${path}.${problem.path}` });
  }
  if (found.length > 0) return NO_RULE;
  const { minReplicas, maxRetention, requiredPersistence } = rule;
  const maxRetentionMs = maxRetention === undefined ? undefined : parseDuration(maxRetention);
  return { pattern, minReplicas, maxRetentionMs, requiredPersistence };
}

const NO_RULE: Rule = {
  pattern: { text: '', matches: () => false },
  minReplicas: undefined,
  maxRetentionMs: undefined,
  requiredPersistence: undefined,
};
