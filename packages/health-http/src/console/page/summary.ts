/** The verdict at the top of the page. Pure. */
import type { BrokerView, Snapshot, Status, TopicView } from '../types.js';
import { counted } from './format.js';

/** One sentence, and the reasons below it. */
export interface Verdict {
  readonly status: Status | 'unknown';
  readonly sentence: string;
  readonly reasons: readonly string[];
}

/** The worst first: connection, checks, and what waits for an operator. */
export function verdictOf(snapshot: Snapshot): Verdict {
  const { connection, health, subscriptions } = snapshot;
  if (connection.status !== 'connected') {
    const error = connection.error === undefined ? [] : [connection.error];
    const sentence =
      connection.status === 'closed'
        ? 'The bus is closed'
        : `No connection to the broker: ${connection.status}`;
    return { status: 'unhealthy', sentence, reasons: [...error, ...reasonsOf(snapshot)] };
  }
  if (health.state === 'waiting') return { status: 'unknown', sentence: 'Looking at the bus …', reasons: [] };
  if (health.state !== 'ok')
    return { status: 'unknown', sentence: 'The health is not known', reasons: [health.reason] };
  const { status, draining } = health.value;
  const reasons = reasonsOf(snapshot);
  if (draining) return { status: 'degraded', sentence: 'The service is shutting down', reasons };
  if (status === 'unhealthy') return { status, sentence: 'The bus does not do its work', reasons };
  if (status === 'degraded') return { status, sentence: 'The bus works, and needs attention', reasons };
  const letters = waitingLetters(snapshot);
  if (letters > 0) {
    return {
      status: 'degraded',
      sentence: `The bus works; ${counted(letters, 'dead letter')} wait for you`,
      reasons,
    };
  }
  const isIdle = subscriptions.length > 0 && subscriptions.every(({ paused }) => paused);
  return { status, sentence: isIdle ? 'All subscriptions are paused' : 'Everything works', reasons };
}

/** In place of the verdict while the server does not answer: all that is shown is old. */
export function lostVerdict(
  { at }: Pick<Snapshot, 'at'>,
  error = 'the stream of the server has ended',
): Verdict {
  const asOf = `all of this page is as of ${at.slice(11, 19)} UTC`;
  return { status: 'unknown', sentence: 'This page has lost its server', reasons: [error, asOf] };
}

function reasonsOf({ health }: Snapshot): string[] {
  const checks = 'value' in health ? (health.value?.checks ?? []) : [];
  return checks
    .filter(({ status }) => status !== 'healthy')
    .map(({ name, status, reason }) => `${name}: ${reason ?? status}`);
}

/** The topics that are known, also where the last question failed. */
export function topicsOf({ broker }: Snapshot): readonly TopicView[] {
  const value: BrokerView | undefined = 'value' in broker ? broker.value : undefined;
  return value?.topics ?? [];
}

/** Dead letters that wait, on all topics. */
export function waitingLetters(snapshot: Snapshot): number {
  return topicsOf(snapshot).reduce((sum, { waiting = 0 }) => sum + waiting, 0);
}

/** Messages that groups have not settled. */
export function totalLag(snapshot: Snapshot): number {
  return topicsOf(snapshot).reduce(
    (sum, topic) => sum + topic.groups.reduce((lags, { lag }) => lags + lag, 0),
    0,
  );
}

/** Keys that stand still: halted here, or parked. */
export function standingKeys({ halted, haltedMore, parked }: Snapshot): number {
  const keys = 'value' in parked ? (parked.value ?? []) : [];
  return halted.length + haltedMore + keys.length;
}
