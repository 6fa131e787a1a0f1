/** Judges topics and their settings against what the bus promises. Pure. */
import type { TopicFigures } from '@ebus/core';
import type { Finding } from './finding.js';
import type { SeenTopic } from './seen.js';

export function topicFindings({ name, plan, figures, configured }: SeenTopic): Finding[] {
  const about = name;
  const found: Finding[] = [];
  if ('value' in plan && plan.value !== undefined) {
    const { action, changed, mismatches, unsupported } = plan.value;
    if (action === 'created') {
      found.push({
        severity: 'error',
        code: 'topic-missing',
        about,
        evidence: 'it is configured, and the broker does not have it',
        remedy: `ebus topics apply ${name}, or start a service that may create topics`,
      });
    }
    if (action === 'changed') {
      found.push({
        severity: 'warning',
        code: 'topic-differs',
        about,
        evidence: `the broker has other values of ${changed.join(', ')} than the configuration`,
        remedy: `ebus topics plan ${name} shows them; ebus topics apply ${name} changes them`,
      });
    }
    for (const { field, expected, actual, recommendation } of mismatches) {
      found.push({
        severity: 'warning',
        code: 'topic-mismatch',
        about,
        evidence: `${field} is ${String(actual)}, configured is ${String(expected)}`,
        remedy: recommendation,
      });
    }
    if (unsupported.length > 0) {
      found.push({
        severity: 'info',
        code: 'setting-unsupported',
        about,
        evidence: `this broker has no ${unsupported.join(', ')} for topics`,
        remedy: 'take it out of the configuration',
      });
    }
  }
  if ('value' in figures && figures.value !== undefined && configured?.persistence !== 'ephemeral') {
    found.push(...promiseFindings(figures.value));
  }
  return found;
}

/** Settings of the broker that break what a persistent topic promises. */
export function promiseFindings(topic: TopicFigures): Finding[] {
  const { name: about, heldBy = 'the topic' } = topic;
  const found: Finding[] = [];
  const error = (code: string, evidence: string, remedy: string) =>
    void found.push({ severity: 'error', code, about, evidence, remedy });
  const warning = (code: string, evidence: string, remedy: string) =>
    void found.push({ severity: 'warning', code, about, evidence, remedy });
  if (topic.acknowledged === false) {
    error(
      'not-acknowledged',
      `${heldBy} acknowledges no publish`,
      'turn acknowledgements on (NATS: no_ack off)',
    );
  }
  if (topic.writable === false) {
    error(
      'not-writable',
      `${heldBy} takes no messages (sealed, or a mirror)`,
      'publish to its source, or use another topic',
    );
  }
  if (topic.storage === 'memory') {
    error(
      'memory-storage',
      `${heldBy} keeps messages in memory`,
      'make it anew with file storage: a restart of the broker loses them',
    );
  }
  if ((topic.maxMessagesPerSubject ?? 0) > 0) {
    error(
      'per-subject-limit',
      `${heldBy} keeps ${topic.maxMessagesPerSubject} messages of a topic`,
      'remove the limit per subject: older events go before groups have read them',
    );
  }
  if (topic.retentionKind === 'interest' || topic.retentionKind === 'workqueue') {
    error(
      'retention-kind',
      `${heldBy} has retention '${topic.retentionKind}': groups take messages from each other, or find none`,
      "make it anew with retention 'limits'",
    );
  }
  if (topic.retentionKind === 'compaction') {
    warning(
      'compaction',
      'older messages of a key are removed, read or not',
      'use cleanup.policy=delete for events; keep compaction for snapshots',
    );
  }
  if (topic.discard === 'new') {
    warning(
      'discards-new',
      `${heldBy} refuses publishes when it is full`,
      'raise its limits, or let it discard the oldest',
    );
  }
  if (topic.replicas === 1) {
    // How many brokers there are is not known here.
    found.push({
      severity: 'info',
      code: 'one-replica',
      about,
      evidence: 'one broker has the only copy',
      remedy: 'on a cluster configure replicas: 3',
    });
  }
  return found;
}
