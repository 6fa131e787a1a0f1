import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ManualClock } from '../../../core/src/testing/manual-clock.js';
import type { Link } from '../link.js';
import { AckAllServer } from '../testing/ack-all-server.js';
import type { JetStreamDelivery } from './delivery.js';
import { PrefixDeliveries } from './prefix-deliveries.js';

interface Member {
  readonly deliveries: PrefixDeliveries;
  link: Link & { isClosed: boolean };
}

const STEPS = [
  'give',
  'lose',
  'again',
  'settle',
  'settle',
  'flush',
  'release',
  'lost',
  'ask',
  'break',
  'move',
] as const;

/** A consumer, the members that take turns at it, and everything that was settled by any of them. */
class World {
  readonly server = new AckAllServer();
  readonly settled = new Set<number>();
  readonly members: Member[] = [this.#join(), this.#join()];
  #active = 0;

  #join(): Member {
    const deliveries = new PrefixDeliveries({
      clock: new ManualClock(),
      ackWait: 1_000,
      onDoubt: () => {},
      onRoom: () => {},
    });
    const link = this.server.link();
    deliveries.online(link);
    deliveries.learn(this.server.info);
    return { deliveries, link };
  }

  get active(): PrefixDeliveries {
    return (this.members[this.#active] as Member).deliveries;
  }

  step(step: (typeof STEPS)[number], pick: number): void {
    const { server } = this;
    // Also of the member that is not active any more.
    const { deliveries } = this.members[pick % 2] as Member;
    const held = [...deliveries];
    const one = held[(pick >> 1) % Math.max(1, held.length)];
    const pending = [...server.pending.keys()];
    const other = pending[pick % Math.max(1, pending.length)];
    if (step === 'give') this.active.add(server.give());
    if (step === 'lose') server.give();
    if (step === 'again' && other !== undefined) this.active.add(server.give(other));
    if (step === 'settle' && one !== undefined) this.#settle(deliveries, one, 'handled');
    if (step === 'flush') deliveries.flush();
    if (step === 'release' && one !== undefined) this.#settle(deliveries, one, 'released');
    if (step === 'lost' && one !== undefined) deliveries.drop([one]);
    if (step === 'ask') deliveries.learn(server.info);
    if (step === 'move') this.#active = 1 - this.#active;
    if (step === 'break') {
      deliveries.online(undefined);
      deliveries.online(server.link());
      deliveries.interrupted();
    }
    for (let sequence = 1; sequence <= server.floor; sequence++)
      expect(this.settled.has(sequence), `${sequence} is confirmed`).toBe(true);
  }

  #settle(deliveries: PrefixDeliveries, one: JetStreamDelivery, outcome: 'handled' | 'released'): void {
    if (outcome === 'handled') this.settled.add(one.sequence);
    deliveries.settle([{ token: one, outcome }]);
  }

  /** All that is unsettled comes again to the active member, as it does after a while. */
  end(): void {
    for (let rounds = 0; this.server.pending.size > 0; rounds++) {
      expect(rounds).toBeLessThan(3);
      for (const sequence of this.server.pending.keys()) this.active.add(this.server.give(sequence));
      for (const one of [...this.active]) this.#settle(this.active, one, 'handled');
      this.active.flush();
      this.active.learn(this.server.info);
    }
  }
}

it('never confirms a message that no member has settled, and in the end confirms all', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom(...STEPS), fc.nat(1_000)), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (all) => {
      const world = new World();
      for (const [step, pick] of all) world.step(step, pick);
      world.end();
      expect(world.server.info.num_ack_pending).toBe(0);
    }),
    { numRuns: 500 },
  );
});
