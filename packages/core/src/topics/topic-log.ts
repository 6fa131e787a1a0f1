/** Log lines about ebus' changes to topics on the broker. */
import {
  logCreated,
  logSettingChanges,
  type SettingChange,
  type SettingKind,
} from '../driver/setting-changes.js';
import type { NewTopicSpec, TopicDescription, TopicSpec } from '../driver/topic-admin.js';
import type { Logger } from '../logger.js';
import { OPTION_OF } from './topic-spec.js';
import type { TopicOptions } from './types.js';

const KINDS: Partial<Record<keyof TopicSpec, SettingKind>> = {
  retentionMs: 'duration',
  maxBytes: 'size',
  maxMessages: 'limit',
};

/** Logs which settings of a topic were changed. */
export function logTopicChanges(
  logger: Logger,
  topic: string,
  before: TopicDescription | undefined,
  changed: Partial<TopicSpec>,
): void {
  const changes = settingsOf(changed).map(
    ([field, to]): SettingChange => ({ ...named(field), from: before?.[field], to }),
  );
  logSettingChanges(logger, `topic '${topic}'`, changes, { topic });
}

/** Logs that a topic was created, with its settings. */
export function logTopicCreated(logger: Logger, topic: string, spec: NewTopicSpec): void {
  const { maxMessageBytes, ...options } = spec;
  const settings: { field: string; kind: SettingKind; to: unknown }[] = settingsOf(options).map(
    ([field, to]) => ({ ...named(field), to }),
  );
  if (maxMessageBytes !== undefined) {
    settings.push({ field: 'maxMessageBytes', kind: 'size', to: maxMessageBytes });
  }
  logCreated(logger, `topic '${topic}'`, settings, { topic });
}

/** A topic that was used without configuration. */
export function logUnconfiguredCreated(logger: Logger, topic: string, system: string): void {
  logger.info(
    { topic },
    `created topic '${topic}' on the broker at its first use, with the settings that ${system} gives by itself, because it ` +
      "is not configured; configure it to choose them, or set unconfiguredTopics: 'refuse'",
  );
}

/** Options that the new configuration of a topic does not have any more. */
export function logUnwritten(logger: Logger, topic: string, before: TopicOptions, now: TopicOptions): void {
  const options = Object.keys(before).filter((option) => !Object.hasOwn(now, option));
  if (options.length === 0) return;
  logger.info({ topic, options }, 'options are not configured any more: the broker keeps what it has');
}

function settingsOf(spec: Partial<TopicSpec>): [field: keyof TopicSpec, value: unknown][] {
  return Object.entries(spec) as [keyof TopicSpec, unknown][];
}

function named(field: keyof TopicSpec): { field: string; kind: SettingKind } {
  return { field: OPTION_OF[field], kind: KINDS[field] ?? 'plain' };
}
