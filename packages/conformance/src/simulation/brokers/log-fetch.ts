/** A member's fetch: one at a time, which waits at the broker until there is something, and is repeated where it got lost. */

import type { GroupTopic } from './log-group.js';
import { type Found, read, type Share } from './log-share.js';
import { type Held, type MemberParts, sizeOf } from './member.js';

const FETCH_EVERY_MS = 1_000;
const MOST_AT_ONCE = 500;

interface FetchOptions {
  /** How much may come: no messages where nothing is to be fetched. */
  most(): Held;
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
    const { messages, bytes } = most();
    if (this.#round !== undefined || messages <= 0 || bytes <= 0) return;
    const { link, time, owner } = this.#parts;
    const { waiting, partitions } = this.#topic;
    const round = {};
    this.#round = round;
    const from = positions();
    const atOnce = { messages: Math.min(messages, MOST_AT_ONCE), bytes };
    const over = () => {
      waiting.delete(look);
      if (this.#round === round) this.#round = undefined;
    };
    const look = () => {
      const found = read(partitions, from, atOnce, (record) => sizeOf(this.#parts, record));
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
