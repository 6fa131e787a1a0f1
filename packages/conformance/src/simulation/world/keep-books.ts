/** Writes down what a bus says of its messages. */
import type { EventBus, Message } from '@ebus/core';
import { eventIdIn } from './event-id.js';
import type { World } from './world.js';

/** Subscribes to the events of one bus, for as long as that lives. */
export function keepBooks({ history, ledger }: World, name: string, bus: EventBus): void {
  const idOf = ({ topic, data, headers }: Message) => eventIdIn(topic, data, headers.toList());
  bus.on('deadLettered', ({ message, parkedKey }) => {
    // It has to be handled, in order, once its key is redriven.
    if (parkedKey !== undefined) return history.add(name, 'parked', idOf(message));
    history.add(name, 'dead-lettered', idOf(message));
    history.count('message: dead-lettered');
    ledger.deadLettered(idOf(message));
  });
  bus.on('handlerError', ({ message, action }) => {
    history.count(`failure: ${action}`);
    if (action === 'discard') ledger.done(idOf(message));
  });
  bus.on('halted', ({ key }) => {
    history.add(name, 'halted', key);
    history.count('message: halted');
  });
  bus.on('overrunning', () => history.count('handler: overran'));
  bus.on('revoked', ({ partitions, lost }) => {
    if (partitions.length > 0) history.add(name, lost ? 'lost' : 'gave back', partitions.join(','));
  });
  bus.on('assigned', ({ partitions }) => {
    if (partitions.length > 0) history.add(name, 'was assigned', partitions.join(','));
  });
}
