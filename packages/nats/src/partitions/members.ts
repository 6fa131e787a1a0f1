/**
 * The members of a group on a topic, by what they tell each other on a plain subject. Nothing is kept anywhere: members that do not
 * hear of each other decide differently, and the server's pins decide who is served.
 */
import type { Clock } from '@ebus/core/driver';
import type { Msg } from '@nats-io/transport-node';
import { Timers } from '../js/timers.js';
import { KeptSubscription } from '../kept-subscription.js';
import type { Link } from '../link.js';
import type { Claim } from './assignment.js';

const TELL_MS = 1_000;
/** Silent for so long, a member is taken for gone. */
const GONE_MS = 3_000;

/** A member's message to the others. */
interface Word extends Claim {
  /** The pins that the server gave it. */
  readonly pins: readonly string[];
  /** It is new, and asks the others to say who they are. */
  readonly isNew?: boolean;
  readonly leaves?: boolean;
}

interface Known extends Word {
  /** Monotonic. */
  heardAt: number;
}

/** Options of `Members`. */
export interface MembersOptions {
  readonly clock: Clock;
  /** The same for all members of the group on this topic. */
  readonly subject: string;
  readonly id: string;
  /** Its own, as of now. */
  claims(): Pick<Word, 'partitions' | 'pins'>;
  /** Once a second. */
  onTick(): void;
  /** Members have come or gone, or claim others. */
  onChange(): void;
  /** It was not heard for so long that others have taken it for gone. */
  onSilence(): void;
  onDenied(error: Error): void;
  /** It may speak and hear again. */
  onHeard(): void;
}

/** Tells and hears once a second. */
export class Members {
  readonly #options: MembersOptions;
  readonly #others = new Map<string, Known>();
  readonly #timers: Timers;
  #link: Link | undefined;
  #subscription: KeptSubscription | undefined;
  /** Others could be heard from then on; before, their silence says nothing. */
  #awakeSince = 0;
  #tickedAt = 0;
  #isDenied = false;

  constructor(options: MembersOptions) {
    this.#options = options;
    this.#timers = new Timers(options.clock);
    this.#tickedAt = options.clock.monotonic();
    this.#timers.every(TELL_MS, () => this.#tick());
  }

  online(link: Link): void {
    const { clock, subject } = this.#options;
    // The client subscribes again by itself where only its connection is another one.
    if (this.#subscription?.link !== link) {
      this.#subscription = new KeptSubscription(link, subject, (error, message) =>
        error === null ? this.#heard(message) : this.denied(error),
      );
    }
    this.#link = link;
    this.#awakeSince = clock.monotonic();
    this.tell(true);
  }

  offline(): void {
    this.#link = undefined;
  }

  /** This member and those that were heard of, with their claims. */
  get all(): Claim[] {
    const { id, claims } = this.#options;
    return [{ id, partitions: claims().partitions }, ...this.#others.values()];
  }

  /** A member that is there says that it has this pin. */
  hasPin(pin: string): boolean {
    for (const { pins } of this.#others.values()) if (pins.includes(pin)) return true;
    return false;
  }

  /** Tells its claims at once. */
  tell(isNew = false): void {
    this.#say(isNew ? { isNew } : {});
  }

  /** The server does not let it speak, or hear. */
  denied(error: Error): void {
    this.#isDenied = true;
    this.#options.onDenied(error);
  }

  /** Resolves once the others know. */
  leave(): void {
    this.#timers.stop();
    this.#say({ leaves: true });
    if (this.#link?.isClosed === false) this.#subscription?.unsubscribe();
    this.#link = undefined;
  }

  #say(more: Partial<Word>): void {
    const { subject, id, claims } = this.#options;
    const link = this.#link;
    if (link === undefined || link.isClosed) return;
    link.connection.publish(subject, JSON.stringify({ id, ...claims(), ...more }));
  }

  #heard(message: Msg): void {
    const { id, clock, onChange } = this.#options;
    const word = readWord(message);
    if (word === undefined) return;
    if (word.id === id) return this.#echoed();
    const before = this.#others.get(word.id);
    if (word.leaves === true) this.#others.delete(word.id);
    else this.#others.set(word.id, { ...word, heardAt: clock.monotonic() });
    if (word.isNew === true) this.tell();
    if (word.leaves === true || before === undefined || !isSame(before.partitions, word.partitions))
      onChange();
  }

  /** Its own word came back: what was denied is given back. */
  #echoed(): void {
    if (!this.#isDenied) return;
    this.#isDenied = false;
    this.#options.onHeard();
  }

  #tick(): void {
    const { clock, onChange, onSilence, onTick } = this.#options;
    const now = clock.monotonic();
    // This process slept, or was busy: what others said meanwhile is still to be read.
    if (now - this.#tickedAt > GONE_MS) {
      this.#awakeSince = now;
      onSilence();
    }
    this.#tickedAt = now;
    this.tell();
    let isChanged = false;
    for (const [id, { heardAt }] of this.#others) {
      if (this.#link === undefined || now - Math.max(heardAt, this.#awakeSince) < GONE_MS) continue;
      this.#others.delete(id);
      isChanged = true;
    }
    if (isChanged) onChange();
    onTick();
  }
}

function readWord(message: Msg): Word | undefined {
  try {
    const word = message.json<Word>();
    return typeof word.id === 'string' && Array.isArray(word.partitions) && Array.isArray(word.pins)
      ? word
      : undefined;
  } catch {
    return undefined;
  }
}

function isSame(some: readonly number[], others: readonly number[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index]);
}
