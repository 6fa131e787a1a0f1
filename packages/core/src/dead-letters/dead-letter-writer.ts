/** Publishes dead letters, and does not give up: the original stays unsettled until its letter is acknowledged. */
import type { Clock } from '../clock.js';
import type { IncomingMessage } from '../driver/message.js';
import { EbusError, type ErrorCode, PublishError } from '../errors.js';
import { logFields, type SpanIdentity } from '../telemetry/telemetry.js';
import type { Disclose } from '../util/disclose.js';
import { backOff } from '../util/waiting.js';
import { deadLetterHeaders } from './format.js';
import { Letter, type PublishLetter } from './letter.js';

const WRITE_BACKOFF = { base: 200, max: 30_000 };
/** What stays so however often it is tried. All else passes, be it by the hands of an operator: rights, a missing topic. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
  'MESSAGE_TOO_LARGE',
  'INVALID_ARGUMENT',
  'TOPIC_NAME_INVALID',
]);

/** A message that could not be handled. */
export interface FailedMessage {
  readonly incoming: IncomingMessage;
  /** Attempts that were made to handle it. */
  readonly attempts: number;
  /** The last one, where there was one. */
  readonly attempt?: { readonly span: SpanIdentity | undefined } | undefined;
}

/** The subscription whose messages are dead-lettered, and where they go. */
export interface DeadLetterWriterOptions {
  topic: string;
  group: string;
  deadLetterTopic: string;
  publish: PublishLetter;
  clock: Clock;
  events: {
    /** Writing failed, and is tried again. */
    failed(source: 'dead-letter-write', error: unknown, note: string, fields: object): void;
  };
  disclose: Disclose;
}

/** Writes the dead letters of one subscription. Tries again, with growing pauses, until `stop`. */
export class DeadLetterWriter {
  readonly #options: DeadLetterWriterOptions;
  readonly #stopped = new AbortController();
  readonly #mayGo = new Set<AbortController>();

  constructor(options: DeadLetterWriterOptions) {
    this.#options = options;
  }

  /**
   * True once the letter is acknowledged; false only if `stop` was called before that, or `gone` aborted. A letter that is too large is tried
   * once more with only the headers that redriving needs.
   * @param parked of a letter that is parked: the value of its header
   * @param gone aborts where its message is another member's, who may handle it: the letter must not come later then
   * @throws PublishError where it can never be written
   */
  async write(
    failed: FailedMessage,
    error: unknown,
    parked?: string,
    gone?: AbortController,
  ): Promise<boolean> {
    if (gone === undefined) return this.#write(failed, error, parked, this.#stopped.signal);
    this.#mayGo.add(gone);
    if (this.#stopped.signal.aborted) gone.abort();
    return this.#write(failed, error, parked, gone.signal).finally(() => this.#mayGo.delete(gone));
  }

  async #write(
    failed: FailedMessage,
    error: unknown,
    parked: string | undefined,
    over: AbortSignal,
  ): Promise<boolean> {
    const { topic, group, deadLetterTopic, publish, clock, events, disclose } = this.#options;
    const { incoming, attempts } = failed;
    const { key, value, tombstone, headers, position } = incoming;
    const reason = { topic, group, error, disclose, position, attempts, parked, now: clock.now() };
    const letter = new Letter(
      { topic: deadLetterTopic, key, value, tombstone, headers: deadLetterHeaders(headers, reason) },
      clock,
    );
    letter.cause = failed.attempt?.span;
    let shortened = false;
    for (let attempt = 1; !over.aborted; attempt++) {
      try {
        await publish(letter, over);
        return true;
      } catch (err) {
        if (over.aborted) break;
        const code = EbusError.isInstance(err) ? err.code : undefined;
        if (code === 'MESSAGE_TOO_LARGE' && !shortened) {
          shortened = true;
          letter.headers = deadLetterHeaders(headers, reason, 'required');
          continue;
        }
        if (code !== undefined && FINAL.has(code)) throw this.#unwritable(err as EbusError);
        const note = 'could not publish a dead letter; trying again';
        events.failed('dead-letter-write', err, note, {
          deadLetterTopic,
          attempt,
          ...logFields(letter.cause),
        });
        await backOff(clock, WRITE_BACKOFF, attempt, over);
      }
    }
    return false;
  }

  /** Gives up unacknowledged letters; their messages stay unsettled. */
  stop(): void {
    this.#stopped.abort();
    for (const gone of this.#mayGo) gone.abort();
  }

  #unwritable(cause: EbusError): PublishError {
    const { topic, deadLetterTopic } = this.#options;
    return new PublishError(
      `the dead letter of a message of '${topic}' can never be written to '${deadLetterTopic}': ${cause.message}. ` +
        'Make room for it and call skipHalted(), or mend its handler and call retryHalted()',
      { code: cause.code, cause },
    );
  }
}
