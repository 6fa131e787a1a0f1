import { expect, it } from 'vitest';
import type { ConsumerSpec } from '../consumer-plan.js';
import { leaveConsumer } from './leave-consumer.js';

async function left({ pin, durable = true, isConfirmed = true }: Record<string, unknown>) {
  const said: unknown[] = [];
  const consumers = {
    delete: async () => void said.push('deleted'),
    unpin: async (_: unknown, id: string) => void said.push(`unpinned ${id}`),
  };
  const confirm = async () => {
    said.push('confirm');
    if (!isConfirmed) throw new Error('too late');
    return true;
  };
  const spec = { durable } as ConsumerSpec;
  const leaving = leaveConsumer({ consumers, spec, deliveries: { confirm }, pin: pin as string | undefined });
  await leaving.catch((error: Error) => said.push(error.message));
  return said;
}

it('gives up its place after what it has settled', async () => {
  expect(await left({ pin: 'p1' })).toEqual(['confirm', 'unpinned p1']);
  expect(await left({})).toEqual(['confirm']);
});

it('gives it up also where the server did not confirm in time, and says so', async () => {
  expect(await left({ pin: 'p1', isConfirmed: false })).toEqual(['confirm', 'unpinned p1', 'too late']);
});

it('deletes a consumer that only it had', async () => {
  expect(await left({ pin: 'p1', durable: false })).toEqual(['deleted']);
});
