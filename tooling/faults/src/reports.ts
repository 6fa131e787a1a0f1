/** What the processes of a run tell: one line of JSON each, in the order in which things happened there. */
import type { EventBusConfig, SubscribeOptions } from '@ebus/core';

/** What a process is for. */
export type Task =
  | {
      readonly role: 'producer';
      readonly name: string;
      readonly config: EventBusConfig;
      readonly topic: string;
      /** Last sequence of each aggregate that was accepted. */
      readonly aggregates: Readonly<Record<string, number>>;
      /** Events a second, of all aggregates together. */
      readonly rate: number;
    }
  | {
      readonly role: 'consumer';
      readonly name: string;
      readonly config: EventBusConfig;
      readonly topic: string;
      readonly options: SubscribeOptions;
      readonly seed: number;
      /** A handler takes up to that many milliseconds. */
      readonly slowestMs: number;
      /** Share of attempts that fail. */
      readonly failing: number;
      /** Share of events that fail for good. */
      readonly poison: number;
    };

/**
 * `publishing`: for the first time, or again. `accepted`: its promise resolved. `begun`, `handled`, `failed`: an attempt of
 * a handler. `dead`: its dead letter is stored.
 */
export type EventReport = readonly [
  at: number,
  kind: 'publishing' | 'accepted' | 'begun' | 'handled' | 'failed' | 'dead',
  aggregate: string,
  sequence: number,
];

export type OtherReport = readonly [
  at: number,
  kind: 'ready' | 'stopped' | 'rejected' | 'event' | 'trouble',
  text: string,
];

export type Report = EventReport | OtherReport;

/** Milliseconds of a clock that all processes of a machine share, and that no change of the date moves. */
export const now = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;
