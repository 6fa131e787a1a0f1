/** The route of publishes to one topic, worked out once per topic. */

import { HighOffsets } from '../driver/high-offsets.js';
import { messageIdPrefix, type Persistence } from '../driver/message.js';
import type { EbusError } from '../errors.js';
import { JobQueue, type WaitingJob } from './job-queue.js';
import { SendOrder } from './send-order.js';

/** One topic, as publishing knows it. Keeps publishes back while it is held. */
export class TopicRoute {
  readonly topic: string;
  readonly #idPrefix: string;
  persistence!: Persistence;
  /** Retries belong to the client, which keeps their order. */
  retriesInClient!: boolean;
  maxMessageBytes: number | undefined;
  readonly order = new SendOrder();
  /** Publishes that are under way or wait, wherever they do. */
  open = 0;
  /** That events go to an ephemeral topic has been said. */
  notedEphemeral = false;
  /** Where the newest messages of this bus lie, and how many have no position: for `bus.idle()`. */
  readonly published = new HighOffsets();
  unplaced = 0;
  /** Given to the driver, and not answered yet. */
  sending = 0;
  /** While the topic is being moved or looked for: publishes that were to be sent meanwhile. */
  held: JobQueue<WaitingJob> | undefined = undefined;
  /** Who holds it. */
  #holds = 0;
  /** The topic was looked for, or is being; false again once the broker says that it is missing. */
  checked = false;
  /** The broker said that the topic is missing. */
  isMissed = false;
  /** The reason why released publishes are not sent. */
  refusal: EbusError | undefined = undefined;
  #idle: (() => void) | undefined;
  readonly #look: (route: TopicRoute) => void;

  /** `look`: looks for the topic, and holds the route meanwhile. */
  constructor(topic: string, settings: RouteSettings, look: (route: TopicRoute) => void) {
    this.topic = topic;
    this.#look = look;
    this.#idPrefix = messageIdPrefix(topic);
    this.set(settings);
  }

  /** The id by which brokers deduplicate a message of this topic; none without an id that tells it from others. */
  messageId(id: string | undefined): string | undefined {
    return id === undefined || id === '' ? undefined : this.#idPrefix + id;
  }

  /** Holds for sends from now on, also of publishes that were made before. */
  set({ persistence, retriesInClient, maxMessageBytes }: RouteSettings): void {
    if (this.persistence !== persistence) {
      this.notedEphemeral = false;
      // They were positions of the other way, which its subscriptions finish before they move.
      this.published.clear();
      this.unplaced = 0;
    }
    this.persistence = persistence;
    this.retriesInClient = retriesInClient;
    this.maxMessageBytes = maxMessageBytes;
  }

  /** No publish to the topic is open at this moment. */
  get isIdle(): boolean {
    return this.open === 0 && this.sending === 0 && this.held === undefined;
  }

  /** The driver has answered. */
  answered(): void {
    if (--this.sending > 0 || this.#idle === undefined) return;
    this.#idle();
    this.#idle = undefined;
  }

  /** Nothing is sent from now on; publishes wait, in order. */
  hold(): void {
    this.#holds++;
    this.held ??= new JobQueue();
  }

  /** Resolves when the driver has answered all records that were given to it. Only while the route is held. */
  allAnswered(): Promise<void> {
    if (this.sending === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  /** Sends waiting publishes, and goes on, unless there is another hold. */
  release(): void {
    if (--this.#holds > 0) return;
    this.#letGo();
  }

  /** Rejects what waited: the topic cannot be used. The next publish looks for it again. */
  refuse(error: EbusError): void {
    this.checked = false;
    this.refusal = error;
    this.#holds--;
    this.#letGo();
    this.refusal = undefined;
    if (this.#holds > 0) this.held ??= new JobQueue();
  }

  /** The broker answered a publish by saying that it does not have the topic. */
  missed(): void {
    this.checked = false;
    this.isMissed = true;
  }

  /** Before a publish is sent again: a missing topic is looked for, and publishes wait for that. */
  lookAgain(): void {
    if (!this.checked && this.held === undefined) this.#look(this);
  }

  #letGo(): void {
    const held = this.held;
    this.held = undefined;
    for (let job = held?.shift(); job !== undefined; job = held?.shift()) job.proceed();
  }
}

/** Settings of a route that may change while it is in use. */
export interface RouteSettings {
  persistence: Persistence;
  retriesInClient: boolean;
  maxMessageBytes: number | undefined;
}
