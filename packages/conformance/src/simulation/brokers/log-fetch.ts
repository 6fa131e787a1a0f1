/** A member's fetch: one at a time, which waits at the broker until there is something, and is repeated where it got lost. */

import type { GroupTopic } from './log-group.js';
import { type Found, read, type Share } from './log-share.js';
import type { MemberParts } from './member.js';

const FETCH_EVERY_MS = 1_000;
const MOST_AT_ONCE = 500;

interface FetchOptions {
  /** How many messages may come: 0 where nothing is to be fetched. */
  most(): number;
  positions(): { share: Share; from: number; incarnation: number }[];
  arrived(found: Found[]): void;
}

/** Fetches the shares of one member as far as there is credit, one request at a time. */
export class LogFetch {
  readonly #parts: MemberParts;
  readonly #topic: GroupTopic;
  readonly #options: FetchOptions;
  #round: object | undefined;

  constructor(parts: MemberParts, topic: GroupTopic, options: FetchOptions) {
    this.#parts = parts;
    this.#topic = topic;
    this.#options = options;
  }

  /** What is on its way is not taken any more. */
  stop(): void {
    this.#round = undefined;
  }

  /** Unless a fetch is under way. */
  soon(): void {
    const { most, positions, arrived } = this.#options;
    if (this.#round !== undefined || most() <= 0) return;
    const { link, time, owner } = this.#parts;
    const { waiting, partitions } = this.#topic;
    const round = {};
    this.#round = round;
    const from = positions();
    const count = Math.min(most(), MOST_AT_ONCE);
    const over = () => {
      waiting.delete(look);
      if (this.#round === round) this.#round = undefined;
    };
    const look = () => {
      const found = read(partitions, from, count);
      if (found === undefined) return;
      waiting.delete(look);
      link.push(() => {
        if (this.#round !== round) return;
        over();
        arrived(found);
        this.soon();
      });
    };
    link.tell(() => {
      if (this.#round !== round) return;
      waiting.add(look);
      look();
    });
    time.at(
      FETCH_EVERY_MS,
      () => {
        if (this.#round !== round) return;
        over();
        this.soon();
      },
      owner,
    );
  }
}
