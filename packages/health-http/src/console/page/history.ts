/** The last values of each figure that has a chart. */
import type { Snapshot } from '../types.js';

/** Values of one chart: a minute and a half of snapshots. */
export const MOST_VALUES = 90;
/** Values that no snapshot has any more are forgotten. */
type Values = Map<string, number[]>;

/** The chart of a group's lag. */
export const lagId = (topic: string, group: string) => `lag ${topic} ${group}`;
/** The chart of a subscription's messages a second. */
export const rateId = (topic: string, group: string) => `rate ${topic} ${group}`;

/** Adds the figures of a snapshot to those before; returns the new ones. */
export function remember(before: Values, { broker, subscriptions }: Snapshot): Values {
  const after: Values = new Map();
  const add = (id: string, value: number) => {
    const values = before.get(id) ?? [];
    after.set(id, [...values, value].slice(-MOST_VALUES));
  };
  for (const { topic, group, perSecond } of subscriptions) add(rateId(topic, group), perSecond ?? 0);
  const known = 'value' in broker ? (broker.value?.topics ?? []) : [];
  for (const { name, groups } of known) for (const { group, lag } of groups) add(lagId(name, group), lag);
  return after;
}
