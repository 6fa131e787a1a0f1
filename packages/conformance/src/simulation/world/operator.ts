/** Moves topics and redrives dead letters, as an operator does through a process of the service. */
import type { EventBus } from '@ebus/core';
import { codeOf } from './publishing.js';
import type { World } from './world.js';

/** The process that an operator works through. */
interface Operated {
  readonly bus: EventBus | undefined;
  readonly isOpen: boolean;
}

/** Whatever fails is counted, and left at that. */
export class Operator {
  readonly #world: World;
  readonly #process: Operated;
  #isRedriving = false;

  constructor(world: World, process: Operated) {
    this.#world = world;
    this.#process = process;
  }

  async move(isPersistent: boolean): Promise<void> {
    const { history, app } = this.#world;
    for (const topic of app.topics) {
      await this.#process.bus?.topics
        .setPersistence(topic, isPersistent)
        .then(() => history.count('move: done'))
        .catch((error) => history.count(`move: ${codeOf(error)}`));
    }
  }

  async redrive(limit: number): Promise<void> {
    const { history, app } = this.#world;
    for (const topic of app.topics) {
      await this.#process.bus?.deadLetters
        .redrive(topic, { limit })
        .then(() => history.count('redrive: done'))
        .catch((error) => history.count(`redrive: ${codeOf(error)}`));
    }
  }

  /** Until it is done, it is not begun again. */
  redriveAll(): void {
    if (this.#isRedriving || !this.#process.isOpen) return;
    this.#isRedriving = true;
    void this.redrive(1_000_000).finally(() => {
      this.#isRedriving = false;
    });
  }
}
