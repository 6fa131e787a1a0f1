import { expect, it, vi } from 'vitest';
import { ConnectionGate } from './connection-gate.js';

it('is open while connected, and tells when it opens', () => {
  const onOpen = vi.fn();
  const gate = new ConnectionGate('kafka', onOpen);
  expect([gate.isOpen, gate.refusal, gate.why]).toEqual([true, undefined, undefined]);
  gate.set('away', new Error('the cable is cut'));
  expect([gate.isOpen, gate.refusal]).toEqual([false, undefined]);
  expect(gate.why).toBe('there is no connection to kafka: the cable is cut');
  expect(onOpen).not.toHaveBeenCalled();
  gate.set('connected');
  expect([gate.isOpen, gate.why, onOpen.mock.calls.length]).toEqual([true, undefined, 1]);
});

it('has publishes refused at once where the connection has failed for good', () => {
  const gate = new ConnectionGate('kafka', () => {});
  const cause = new Error('wrong password');
  gate.set('failed', cause);
  expect(gate.refusal).toMatchObject({
    code: 'CONNECTION_FAILED',
    retryable: true,
    cause,
    message: 'the connection to kafka has failed: wrong password; call connection.reconnect()',
  });
});
