/**
 * Asks for parked keys to be handed back, and waits for it: one message a key goes over its topic to the member that has the key,
 * and the notes in the dead-letter topic tell how far that is.
 */
import type { Clock } from '../../clock.js';
import type { Driver } from '../../driver/driver.js';
import type { IncomingMessage, Position } from '../../driver/message.js';
import { abortError } from '../../errors.js';
import { randomUuid } from '../../util/uuid.js';
import { backOff } from '../../util/waiting.js';
import type { DeadLetter } from '../dead-letter.js';
import { Letter } from '../letter.js';
import { placeId } from './log-order.js';
import type { HandledNote } from './park-note.js';
import { keyId, type LiveLetter, type ParkedKeyId, ParkedView } from './parked-view.js';
import { commandHeaders } from './redrive-command.js';

/** Keys asked for at once: of each the newest letter is held. */
const AT_ONCE = 32;
const POLL = { base: 30, max: 2_000, factor: 1.5, jitter: false };

/** Figures of one redrive, about letters. */
export interface ParkedProgress {
  readonly redriven: number;
  readonly left: number;
  readonly total: number;
  readonly failed: readonly {
    position: Position | undefined;
    key: string;
    originalTopic: string;
    reason: string;
  }[];
}

/** Parts of a `ParkedRedrive`. */
export interface ParkedRedriveOptions {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly deadLetterTopic: string;
  readonly signal: AbortSignal;
  /** At most so many letters; a key that is begun is handed back wholly. */
  readonly limit: number;
  wants(topic: string, group: string): boolean;
  /** Whether the key goes, by its oldest letter. */
  goes(letter: DeadLetter, incoming: IncomingMessage): boolean | Promise<boolean>;
  publish(letter: Letter): Promise<unknown>;
  onProgress(progress: ParkedProgress): void;
}

interface Target extends ParkedKeyId {
  readonly id: string;
  letters: number;
  newest: IncomingMessage;
  /** Where it failed again. */
  readonly oldest: LiveLetter;
  /** Notes that there were before. */
  readonly before: ReadonlySet<string>;
  /** Where the newest letter was. */
  partition: number;
  redriven: number;
  isOver: boolean;
}

/** One redrive of parked keys. */
export class ParkedRedrive {
  readonly #options: ParkedRedriveOptions;
  readonly #tried = new Set<string>();
  #progress: ParkedProgress = { redriven: 0, left: 0, total: 0, failed: [] };

  constructor(options: ParkedRedriveOptions) {
    this.#options = options;
  }

  /** Only counts. */
  async count(): Promise<ParkedProgress> {
    const targets = await this.#choose(Number.POSITIVE_INFINITY);
    const redriven = targets.reduce((sum, { letters }) => sum + letters, 0);
    const { total } = this.#progress;
    return { redriven, left: total - redriven, total, failed: [] };
  }

  /** @throws EbusError `ABORTED`: keys that were asked for are handed back all the same */
  async run(): Promise<ParkedProgress> {
    for (let isFirst = true; ; isFirst = false) {
      const before = this.#progress.total;
      const targets = await this.#choose(AT_ONCE);
      // Letters that came later are not counted twice.
      if (!isFirst) this.#progress = { ...this.#progress, total: before };
      if (targets.length === 0) break;
      for (const target of targets) await this.#ask(target);
      await this.#wait(targets);
    }
    const { redriven, total, failed } = this.#progress;
    return { redriven, left: Math.max(0, total - redriven), total, failed };
  }

  /** The next keys, oldest first; counts all letters that there are. */
  async #choose(most: number): Promise<Target[]> {
    const { goes, clock, signal, limit } = this.#options;
    const before = new Map<string, Set<string>>();
    const view = await ParkedView.read(this.#options, signal, (id, note) => {
      if (note.kind !== 'handled') return;
      const notes = before.get(keyId(id)) ?? new Set();
      before.set(keyId(id), notes.add(noteId(note)));
    });
    const found = new Map<string, Target | undefined>();
    let total = 0;
    let planned = this.#progress.redriven;
    for await (const live of view.letters(signal)) {
      total++;
      const id = keyId(live);
      const target = found.get(id);
      if (target !== undefined) {
        target.letters++;
        target.newest = live.incoming;
        target.partition = live.note.at.partition;
        planned++;
      }
      if (found.has(id) || this.#tried.has(id)) continue;
      const isWanted = planned < limit && (await goes(live.letter, live.incoming));
      if (!isWanted) found.set(id, undefined);
      else if (this.#size(found) < most) {
        planned++;
        const { topic, group, key } = live;
        const { partition } = live.note.at;
        found.set(id, {
          ...{ topic, group, key, partition, oldest: live, newest: live.incoming, letters: 1 },
          ...{ id: randomUuid(clock), before: before.get(id) ?? new Set(), redriven: 0, isOver: false },
        });
      }
    }
    this.#progress = { ...this.#progress, total };
    return [...found.values()].filter((target) => target !== undefined);
  }

  #size(found: ReadonlyMap<string, unknown>): number {
    let size = 0;
    for (const target of found.values()) if (target !== undefined) size++;
    return size;
  }

  async #ask(target: Target): Promise<void> {
    const { clock, publish } = this.#options;
    this.#tried.add(keyId(target));
    const { topic, group, newest } = target;
    await publish(commandLetter(newest, topic, group, target, clock));
  }

  /** Until each of them has been handed back, or has failed again. */
  async #wait(targets: readonly Target[]): Promise<void> {
    const { clock, signal, deadLetterTopic } = this.#options;
    const byKey = new Map(targets.map((target) => [keyId(target), target]));
    for (let polls = 1; targets.some(({ isOver }) => !isOver); polls++) {
      await backOff(clock, POLL, polls, signal);
      if (signal.aborted) throw abortError(signal, `redriving parked keys of '${deadLetterTopic}'`);
      const handled = new Map<string, Map<string, HandledNote>>();
      const ends = new Map<string, HandledNote>();
      const view = await ParkedView.read(this.#options, signal, (id, note) => {
        if (note.kind !== 'handled' || !byKey.has(keyId(id))) return;
        if (note.redrive !== undefined) ends.set(note.redrive, note);
        const notes = handled.get(keyId(id)) ?? new Map<string, HandledNote>();
        notes.set(noteId(note), note);
        handled.set(keyId(id), notes);
      });
      for (const target of targets) {
        if (target.isOver) continue;
        const end = ends.get(target.id);
        const isFree = view.find(target) === undefined;
        target.isOver = isFree || end !== undefined;
        if (isFree) this.#redriven(target, target.letters);
        else this.#redriven(target, countOf(handled.get(keyId(target)), target.before));
        if (end?.failed !== undefined) this.#failed(target, end.failed);
      }
    }
  }

  #redriven(target: Target, redriven: number): void {
    const more = Math.min(redriven, target.letters) - target.redriven;
    if (more <= 0) return;
    target.redriven += more;
    this.#progress = { ...this.#progress, redriven: this.#progress.redriven + more };
    this.#tell();
  }

  #failed({ key, topic, oldest }: Target, { code, reason }: NonNullable<HandledNote['failed']>): void {
    const one = {
      position: oldest.incoming.position,
      key,
      originalTopic: topic,
      reason: `${code}: ${reason}`,
    };
    this.#progress = { ...this.#progress, failed: [...this.#progress.failed, one] };
    this.#tell();
  }

  #tell(): void {
    const { redriven, total, failed } = this.#progress;
    this.#options.onProgress({ redriven, left: Math.max(0, total - redriven), total, failed });
  }
}

/** The message that asks for the letters of a key. */
export function commandLetter(
  { key: wireKey, value, tombstone, headers }: IncomingMessage,
  topic: string,
  group: string,
  { id, key, partition }: { id: string; key: string; partition: number },
  clock: Clock,
): Letter {
  const command = commandHeaders(headers, group, { id, key });
  return new Letter({ topic, key: wireKey, value, tombstone, headers: command, partition }, clock);
}

/** How many letters these notes tell of, apart from those that there were before. */
function countOf(notes: ReadonlyMap<string, HandledNote> | undefined, before: ReadonlySet<string>): number {
  let count = 0;
  for (const [id, note] of notes ?? []) if (!before.has(id)) count += note.count;
  return count;
}

/** A note may be stored twice. */
function noteId({ through, redrive = '' }: HandledNote): string {
  return `${through.map(placeId).join(' ')} ${redrive}`;
}
