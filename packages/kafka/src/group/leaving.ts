/** How a consumer leaves its group: with a word that the group hears, whatever the group is at. */
import { anySignal, pause } from '@ebus/core/driver';
import { called } from '../native-client.js';
import { unrefed } from '../unrefed.js';
import { leave, poll } from './consumer-client.js';
import { BATCH } from './poller.js';
import type { Session } from './session.js';

/** How often the answer to a commit is looked for. */
const COMMITTED_MS = 250;
/** Between two polls: by these the client hears of rebalances. */
const POLL_MS = 20;
/** A coordinator that is there answers within it. */
const HEARD_MS = 500;
/** A group whose old members' sessions are over has its answer to a join within it. */
const JOINED_MS = 5_000;
/** A client that has nothing else to wait for has told its group by then. */
const TOLD_MS = 1_000;
/** States of a membership in which the client may not know yet who it is to the group. */
const JOINING = /^(init|wait-(join|metadata|sync))$/;

/** The end of one consumer's membership. */
export class Leaving {
  readonly #session: Session;
  /** Undefined until the client has asked to join. */
  #membership: string | undefined;
  #isTold = false;

  constructor(session: Session) {
    this.#session = session;
  }

  membershipIs(state: string): void {
    this.#membership = state;
  }

  /** The client has told its group that it leaves. */
  told(): void {
    this.#isTold = true;
  }

  /**
   * Leaves the group, once the broker has answered the last commit, and the client is not joining. Without that answer it would not end:
   * it sends a commit again and again, and blocks one of the few threads that the process has for such.
   *
   * @param late a client that joins is not waited for any longer
   */
  async leave(late: AbortSignal = this.#session.options.clock.timeout(JOINED_MS)): Promise<void> {
    const session = this.#session;
    await this.#pollUntil(
      async () => !session.commits.isUnanswered && (late.aborted || (await this.#isStill())),
    );
    await this.#tell();
    session.isLeaving = true;
    await leave(session.consumer);
  }

  /**
   * The same for one that another consumer takes the place of, once the group's coordinator answers again. The signal ends the wait.
   *
   * @param turn others leave before. Until then it is a member that takes part in rebalances: without it, none of the others' would end
   */
  async giveWay(signal: AbortSignal, turn: Promise<void>): Promise<void> {
    const { clock, config, durable } = this.#session.options;
    const until = anySignal(clock.timeout(config.consumer.sessionTimeout + JOINED_MS), signal);
    let isItsTurn = false;
    void turn.then(() => {
      isItsTurn = true;
    });
    // One that has come already is known then.
    await Promise.resolve();
    // While it joins it is polled only: a question holds that up.
    await this.#pollUntil(
      async () => !durable || until.aborted || (isItsTurn && !this.#isJoining && (await this.#isHeard())),
    );
    await turn;
    await this.leave(until);
  }

  get #isJoining(): boolean {
    return this.#session.refusal === undefined && JOINING.test(this.#membership ?? '');
  }

  /** The client is not joining, by all that it has told: its words are heard a turn of the event loop later. */
  async #isStill(): Promise<boolean> {
    const { clock } = this.#session.options;
    for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => clock.setImmediate(resolve));
    return !this.#isJoining;
  }

  /**
   * By unsubscribing, which the client does at once. Ending takes its turn among other calls, a rebalance may have begun by then, and
   * a client that ends while it joins says nothing: the group would wait for it until its session is over
   * (`rd_kafka_cgrp_revoke_all_rejoin` of librdkafka 2.15).
   */
  async #tell(): Promise<void> {
    const { consumer, options, refusal } = this.#session;
    const { clock, durable, logger, group } = options;
    if (!durable || this.#membership === undefined || refusal !== undefined || !consumer.isConnected())
      return;
    const late = clock.timeout(TOLD_MS);
    try {
      consumer.unsubscribe();
    } catch (err) {
      logger.debug({ err, group }, 'a Kafka consumer cannot unsubscribe, and ends');
      return;
    }
    await this.#pollUntil(() => this.#isTold || late.aborted);
    if (!this.#isTold)
      logger.debug({ group }, 'a Kafka consumer ends without a word: its group waits until its session ends');
  }

  /** Answers to commits and rebalances come by polling. */
  async #pollUntil(isOver: () => boolean | Promise<boolean>): Promise<void> {
    const { commits, consumer, options } = this.#session;
    while (!(await isOver())) {
      await poll(consumer, BATCH).catch(() => {});
      await pause(unrefed(options.clock), commits.isUnanswered ? COMMITTED_MS : POLL_MS);
    }
  }

  /** Whether the coordinator answers this client: positions are asked of it. */
  async #isHeard(): Promise<boolean> {
    const { consumer } = this.#session;
    const [topic] = consumer.subscription() as string[];
    if (topic === undefined) return true;
    const asked = called((done) => consumer.committed([{ topic, partition: 0 }], HEARD_MS, done as never));
    return asked.then(
      () => true,
      () => false,
    );
  }
}
