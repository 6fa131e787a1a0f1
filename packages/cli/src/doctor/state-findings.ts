/** Judges what goes on: groups, dead letters, clocks, permissions. Pure. */
import type { Finding } from './finding.js';
import { type Answer, MOST_LETTERS, type Seen, type SeenTopic } from './seen.js';

/** A group further behind is told. */
export const MOST_LAG = 10_000;
/** Clocks that differ by more are told: dates of retries and ages of probes are compared between machines. */
const MOST_SKEW_MS = 5_000;

export function groupFindings({ name, groups }: SeenTopic): Finding[] {
  if (!('value' in groups)) return [];
  return groups.value.flatMap(({ group, lag, members, unsettled = 0 }): Finding[] => {
    const about = `${name} / ${group}`;
    if (lag > 0 && members === 0) {
      return [
        {
          severity: 'error',
          code: 'group-without-members',
          about,
          evidence: `${lag} messages wait, and no member of the group is there`,
          remedy: 'start its service; remove the group where the service is gone for good',
        },
      ];
    }
    if (lag > MOST_LAG) {
      return [
        {
          severity: 'warning',
          code: 'lag',
          about,
          evidence: `${lag} messages behind, ${unsettled} of them handed out`,
          remedy: `ebus lag --watch --group ${group} shows whether it catches up; add members or concurrency, or mend a slow handler`,
        },
      ];
    }
    return [];
  });
}

export function deadLetterFindings({ name, deadLetters }: SeenTopic): Finding[] {
  if (!('value' in deadLetters) || deadLetters.value.count === 0) return [];
  const { count, oldest } = deadLetters.value;
  const more = count >= MOST_LETTERS ? ' or more' : '';
  return [
    {
      severity: 'warning',
      code: 'dead-letters',
      about: name,
      evidence: `${count}${more} dead letters${oldest === undefined ? '' : `, the oldest of ${oldest.toISOString()}`}`,
      remedy: `ebus dlq list ${name}; mend the cause; ebus dlq redrive ${name}`,
    },
  ];
}

/** A message that is newer than now. */
export function clockFindings({ topics, now }: Seen): Finding[] {
  const ahead = topics.flatMap(({ figures }) => {
    const at = 'value' in figures ? figures.value?.newestAt?.getTime() : undefined;
    return at === undefined ? [] : [at - now];
  });
  const most = Math.max(0, ...ahead);
  if (most <= MOST_SKEW_MS) return [];
  return [
    {
      severity: 'warning',
      code: 'clock-skew',
      about: 'clock',
      evidence: `the broker's newest message is ${Math.round(most / 1_000)} s ahead of this machine's clock`,
      remedy: 'synchronise the clocks of brokers and services (NTP)',
    },
  ];
}

const QUESTIONS = {
  plan: 'its settings',
  figures: 'its figures',
  groups: 'its groups',
  reading: 'its messages',
  deadLetters: 'its dead letters',
} as const;

/** Questions that were refused or not answered: each was tried. */
export function refusalFindings(seen: Seen): Finding[] {
  const found = seen.topics.flatMap((topic) =>
    (Object.keys(QUESTIONS) as (keyof typeof QUESTIONS)[]).flatMap((question) =>
      refusal(topic[question], topic.name, QUESTIONS[question]),
    ),
  );
  return [...refusal(seen.listing, 'broker', 'the list of topics'), ...found];
}

function refusal(answer: Answer<unknown>, about: string, what: string): Finding[] {
  if (!('error' in answer)) return [];
  const { code, text } = answer.error;
  if (code === 'UNSUPPORTED' || code === 'TOPIC_NOT_FOUND') return [];
  return [
    {
      severity: 'warning',
      code: 'refused',
      about,
      evidence: `${what} cannot be read: ${text}`,
      remedy: 'give this login the permission where the error is about one; else look at the broker',
    },
  ];
}

const LOOPBACK = /^(?:[a-z+]+:\/\/)?(?:[^@/]*@)?(?:localhost|127\.|\[?::1)/i;

export function setupFindings(seen: Seen): Finding[] {
  const found: Finding[] = [];
  const strangers = seen.addresses.filter((address) => !LOOPBACK.test(address));
  if (strangers.length > 0 && !seen.isSecured) {
    found.push({
      severity: 'warning',
      code: 'not-secured',
      about: 'connection',
      evidence: `${seen.transport}.security is not enabled, and ${strangers.length} of the brokers are on other machines`,
      remedy: 'turn TLS and a login on',
    });
  }
  if (seen.serviceName === undefined) {
    found.push({
      severity: 'warning',
      code: 'no-service-name',
      about: 'configuration',
      evidence: 'serviceName is not configured: subscriptions without a group have none of their own',
      remedy: 'configure serviceName',
    });
  }
  if (seen.capabilities.ordering !== 'cluster') {
    found.push({
      severity: 'info',
      code: 'order-per-instance',
      about: 'broker',
      evidence: 'order per aggregate holds within one instance of a service only',
      remedy: 'NATS: upgrade the server to 2.11 or later',
    });
  }
  return found;
}
