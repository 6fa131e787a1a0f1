/** A topics file that is being watched, and applied as it is saved. */
import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Clock, TimerHandle } from '../clock.js';
import { abortError, ConfigError, EbusError } from '../errors.js';
import type { Logger } from '../logger.js';
import { abortSignal, func } from '../util/option-kinds.js';
import { checkOptions, optionTable } from '../util/options.js';
import { isPromise } from '../util/promise.js';
import { TopicApplyError } from './apply-error.js';
import type { TopicManager, TopicOptions, TopicOutcome, TopicsWatch, WatchOptions } from './types.js';

/** Reads a topics file. Rejects with an error that names the problem. */
export type ReadTopics = (file: string) => Promise<Record<string, TopicOptions>>;

/** A file that has not changed for so long is taken for completely written. */
const SETTLE_MS = 100;

const OPTIONS = optionTable<WatchOptions>({ signal: abortSignal, onApplied: func, onError: func });

/** How the file is read and applied. */
export interface TopicsFileParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly readTopics: ReadTopics;
  readonly topics: Pick<TopicManager, 'apply' | 'forget'>;
  onClosed(watch: TopicsFile): void;
}

/** Watches one file. A save that cannot be read changes nothing. */
export class TopicsFile implements TopicsWatch {
  readonly #file: string;
  readonly #options: WatchOptions;
  readonly #parts: TopicsFileParts;
  /** The applied options, by topic, as JSON. */
  readonly #applied = new Map<string, string>();
  /** The file as it was when it was read last, and as it was seen last. */
  #read: string | undefined;
  #seen: string | undefined;
  #watcher: FSWatcher | undefined;
  #timer: TimerHandle | undefined;
  #working: Promise<void> | undefined;
  /** The folder changed while a look was under way. */
  #again = false;
  #closed = false;
  readonly #onAbort = () => void this.close();

  constructor(file: string, options: WatchOptions, parts: TopicsFileParts) {
    checkOptions('topics.watch', options, OPTIONS);
    this.#file = resolve(file);
    this.#options = options;
    this.#parts = parts;
  }

  /** Applies the file, then begins to watch it. */
  async start(): Promise<void> {
    const { signal } = this.#options;
    try {
      if (signal?.aborted === true) throw abortError(signal, `watching '${this.#file}'`);
      if (this.#closed) throw new EbusError('the event bus is closed', { code: 'BUS_CLOSED' });
      signal?.addEventListener('abort', this.#onAbort, { once: true });
      // Editors and deployment tools put a new file in the old one's place: what is watched is the folder.
      this.#watcher = watch(dirname(this.#file), { persistent: false }, () => this.#stirred());
      this.#watcher.on('error', (err) => this.#failed(err));
      this.#read = await this.#state();
      this.#working = this.#apply();
      await this.#working;
      this.#working = undefined;
      if (this.#again) this.#lookSoon();
    } catch (error) {
      this.#working = undefined;
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#options.signal?.removeEventListener('abort', this.#onAbort);
      this.#watcher?.close();
      if (this.#timer !== undefined) this.#parts.clock.clearTimeout(this.#timer);
      this.#parts.onClosed(this);
    }
    await this.#working?.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #stirred(): void {
    if (this.#closed) return;
    if (this.#working !== undefined || this.#read === undefined) this.#again = true;
    else this.#lookSoon();
  }

  /** One timer, not put off by further events: a busy folder must not keep a change from being seen. */
  #lookSoon(): void {
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = this.#parts.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#again = false;
      this.#working = this.#look().finally(() => {
        this.#working = undefined;
        if (this.#again) this.#lookSoon();
      });
    }, SETTLE_MS);
    this.#timer.unref();
  }

  /** Reads the file if it is another one than before, once it has looked the same twice. */
  async #look(): Promise<void> {
    const state = await this.#state();
    if (state === this.#read || this.#closed) return;
    if (state !== this.#seen) {
      this.#seen = state;
      this.#again = true;
      return;
    }
    this.#read = state;
    try {
      await this.#apply();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The identity of one version of the file; a missing one is a version, too. */
  async #state(): Promise<string> {
    try {
      const { ino, size, mtimeMs, ctimeMs } = await stat(this.#file);
      return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'unreadable';
    }
  }

  /** Only the differences to the applied options. */
  async #apply(): Promise<void> {
    const { readTopics, topics, logger } = this.#parts;
    const configs = await readTopics(this.#file);
    if (this.#closed) return;
    const changed = Object.entries(configs).filter(
      ([topic, options]) => this.#applied.get(topic) !== JSON.stringify(options),
    );
    const outcomes = await this.#applyChanged(Object.fromEntries(changed));
    for (const topic of [...this.#applied.keys()]) {
      if (Object.hasOwn(configs, topic)) continue;
      this.#applied.delete(topic);
      topics.forget(topic);
      logger.info({ topic, file: this.#file }, 'the topic was taken out of the file: it is forgotten here');
    }
    this.#tell(() => this.#options.onApplied?.(outcomes));
  }

  async #applyChanged(configs: Record<string, TopicOptions>): Promise<readonly TopicOutcome[]> {
    const note = (topics: Iterable<string>) => {
      for (const topic of topics) this.#applied.set(topic, JSON.stringify(configs[topic]));
    };
    try {
      const outcomes = await this.#parts.topics.apply(configs);
      note(Object.keys(configs));
      return outcomes;
    } catch (error) {
      // What succeeded is not done again with the next change, what failed is.
      if (TopicApplyError.isInstance(error)) note(error.outcomes.map(({ topic }) => topic));
      throw error;
    }
  }

  #failed(cause: unknown): void {
    if (this.#closed) return;
    const error = EbusError.from(cause, (reason) => {
      const text = `the topics file ${basename(this.#file)} was not applied: ${reason}`;
      return new ConfigError(`${text}; the running configuration stays`, { cause });
    });
    this.#parts.logger.error({ err: error, file: this.#file }, 'a changed topics file was not applied');
    this.#tell(() => this.#options.onError?.(error));
  }

  #tell(listener: () => unknown): void {
    const failed = (err: unknown) => {
      this.#parts.logger.error({ err, file: this.#file }, 'a listener of topics.watch failed');
    };
    try {
      const outcome = listener();
      if (isPromise(outcome)) Promise.resolve(outcome).catch(failed);
    } catch (err) {
      failed(err);
    }
  }
}
