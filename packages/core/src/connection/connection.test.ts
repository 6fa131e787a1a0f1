import { expect, it, vi } from 'vitest';
import { ManualClock } from '../testing/manual-clock.js';
import { TrackedConnection } from './connection.js';

function tracked() {
  const clock = new ManualClock();
  const onChange = vi.fn();
  return { clock, onChange, connection: new TrackedConnection(clock, onChange) };
}

it('keeps the last state, and counts losses and returns', () => {
  const { clock, connection, onChange } = tracked();
  connection.report({ status: 'connected' });
  clock.block(1_000);
  const cause = new Error('the cable is cut');
  connection.report({ status: 'reconnecting', cause });
  connection.report({ status: 'reconnecting' });
  clock.block(500);
  expect([connection.lastedMs, connection.losses]).toEqual([500, 1]);
  connection.report({ status: 'connected' });
  expect(connection.state()).toMatchObject({ status: 'connected', reconnects: 1, lastError: cause });
  expect(onChange.mock.calls.map(([status]) => status)).toEqual(['connected', 'reconnecting', 'connected']);
});

it('has states that do not change by themselves', () => {
  const { connection } = tracked();
  const before = connection.state();
  connection.report({ status: 'connected' });
  expect(before).toMatchObject({ status: 'connecting', reconnects: 0 });
});

it('stays closed', () => {
  const { connection } = tracked();
  connection.report({ status: 'closed' });
  connection.report({ status: 'connected' });
  expect(connection.state().status).toBe('closed');
});
