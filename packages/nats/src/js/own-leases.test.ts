import { expect, it } from 'vitest';
import { ManualClock } from '../../../core/src/testing/manual-clock.js';
import type { Link } from '../link.js';
import { SingleDeliveries } from './deliveries.js';
import type { JetStreamDelivery } from './delivery.js';
import { OwnLeases } from './own-leases.js';

const LEASE_MS = 1_000;

/** Two deliveries in hand, and a server that confirms renewals or does not. */
function held() {
  const clock = new ManualClock();
  const deliveries = new SingleDeliveries();
  const server = { answers: true };
  const link = {
    isClosed: false,
    connection: {
      publish: () => {},
      request: async () => {
        if (!server.answers) throw new Error('no answer');
      },
    },
  } as unknown as Link;
  deliveries.online(link);
  const lost: number[] = [];
  const leases = new OwnLeases({
    ...{ clock, deliveries, ackWait: LEASE_MS },
    onLost: (gone) => void lost.push(...gone.map(({ sequence }) => sequence)),
  });
  const batch = [1, 2].map(
    (sequence) => ({ sequence, reply: Buffer.from(`ack.${sequence}`) as Uint8Array }) as JetStreamDelivery,
  );
  for (const delivery of batch) deliveries.add(delivery);
  leases.begun(batch);
  const renew = () => leases.renew([...deliveries]).catch(() => {});
  return { clock, deliveries, server, lost, leases, renew };
}

it('keeps what is renewed, for as long as the server confirms it', async () => {
  const { clock, deliveries, server, lost, leases, renew } = held();
  for (let n = 0; n < 6; n++) {
    await clock.advance(LEASE_MS / 3);
    await renew();
  }
  expect(lost).toEqual([]);
  server.answers = false;
  for (let n = 0; n < 2; n++) {
    await clock.advance(LEASE_MS / 3);
    await renew();
  }
  expect(lost).toEqual([]);
  await clock.advance(LEASE_MS / 3);
  expect(lost).toEqual([1, 2]);
  expect(deliveries.size).toBe(0);
  leases.stop();
});

it('counts no renewal that could not be sent', async () => {
  const { clock, deliveries, lost, leases, renew } = held();
  deliveries.online(undefined);
  for (let n = 0; n < 3; n++) {
    await renew();
    await clock.advance(LEASE_MS / 2);
  }
  expect(lost).toEqual([1, 2]);
  leases.stop();
});

it('looks after nothing once it has stopped', async () => {
  const { clock, lost, leases } = held();
  leases.stop();
  await clock.advance(2 * LEASE_MS);
  expect(lost).toEqual([]);
});
