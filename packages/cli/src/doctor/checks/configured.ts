/** Checks of topics against their configuration. Pure. */
import { type Check, ofTopics } from '../check.js';

/** Fields that break a promise have a check of their own. */
const JUDGED_ELSEWHERE: ReadonlySet<string> = new Set([
  'acknowledged',
  'maxMessagesPerSubject',
  'storage',
  'writable',
]);

/** Missing topics, and settings that `topics apply` would change or cannot. */
export const configuredChecks: readonly Check[] = [
  ofTopics('error', 'topic-missing', 'configured, and not on the broker', ({ name, plan }) =>
    'value' in plan && plan.value?.action === 'created'
      ? [
          'it is configured, and the broker does not have it',
          `ebus topics apply ${name}, or start a service that may create topics`,
        ]
      : undefined,
  ),
  ofTopics(
    'warning',
    'topic-differs',
    'other settings than configured, which apply changes',
    ({ name, plan }) => {
      const changed = 'value' in plan && plan.value?.action !== 'created' ? (plan.value?.changed ?? []) : [];
      return changed.length === 0
        ? undefined
        : [
            `the broker has other values of ${changed.join(', ')} than the configuration`,
            `ebus topics plan ${name} shows them; ebus topics apply ${name} changes them`,
          ];
    },
  ),
  ofTopics(
    'warning',
    'topic-mismatch',
    'other settings than configured, which apply cannot change',
    ({ plan }) => {
      const all = 'value' in plan ? (plan.value?.mismatches ?? []) : [];
      return all
        .filter(({ field, expected }) => !JUDGED_ELSEWHERE.has(field) && expected !== 'limits')
        .map(
          ({ field, expected, actual, recommendation }) =>
            [`${field} is ${String(actual)}, configured is ${String(expected)}`, recommendation] as const,
        );
    },
  ),
  ofTopics(
    'info',
    'setting-unsupported',
    'a configured setting that this broker does not have',
    ({ plan }) => {
      const fields = 'value' in plan ? (plan.value?.unsupported ?? []) : [];
      return fields.length === 0
        ? undefined
        : [`this broker has no ${fields.join(', ')} for topics`, 'take it out of the configuration'];
    },
  ),
];
