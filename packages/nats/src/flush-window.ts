/** How much was given to the client without a sign that the server has read it. */
import type { Link } from './link.js';

const MAX_BYTES = 64 * 1024 * 1024;
/** How often a sign is asked for. */
const ASK_BYTES = 4 * 1024 * 1024;

/** Bounds unread bytes on one connection to 64 MB. Every 4 MB a flush asks the server for a sign. */
export class FlushWindow {
  readonly #onRoom: (link: Link) => void;
  #link: Link | undefined;
  /** Since the last flush that the server has answered. */
  #unread = 0;
  /** Since the last one that was asked for. */
  #unasked = 0;

  constructor(onRoom: (link: Link) => void) {
    this.#onRoom = onRoom;
  }

  get hasRoom(): boolean {
    return this.#unread < MAX_BYTES;
  }

  /** Another connection: nothing was sent on it. */
  reset(link: Link): void {
    this.#link = link;
    this.#unread = 0;
    this.#unasked = 0;
  }

  sent(bytes: number): void {
    this.#unread += bytes;
    this.#unasked += bytes;
    if (this.#unasked > ASK_BYTES && this.#link !== undefined) void this.#ask(this.#link);
  }

  async #ask(link: Link): Promise<void> {
    const asked = this.#unasked;
    this.#unasked = 0;
    try {
      await link.connection.flush();
    } catch {
      return;
    }
    if (this.#link !== link) return;
    this.#unread = Math.max(0, this.#unread - asked);
    this.#onRoom(link);
  }
}
