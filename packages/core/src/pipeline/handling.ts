/**
 * Which message the code at hand handles, for its publishes meanwhile. Kept in Node's asynchronous context, so that it
 * is found behind every `await` of the handler, and only there.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { shown } from '../util/shown.js';
import type { MessageIds } from './message-ids.js';

/** Longer ids are not carried on, nor those with characters that brokers refuse in headers: strangers wrote them. */
const MAX_ID = 256;

/** The ids are read only when a message is published. */
interface Handled {
  readonly ids: MessageIds;
}

/** Ids that a handler's publishes take over from the handled event. */
export interface InheritedIds {
  readonly correlationId: string | undefined;
  readonly tenantId: number | undefined;
}

const handled = new AsyncLocalStorage<Handled>();

/** Runs a handler; its publishes, on any bus of this process, inherit the ids of the message. */
export function whileHandling<H extends Handled, R>(message: H, handler: (message: H) => R): R {
  return handled.run(message, handler, message);
}

/** Whether the caller runs within a handler. */
export function isHandling(): boolean {
  return handled.getStore() !== undefined;
}

/** The correlation id of the message that is being handled, else its event id, and its tenant; nothing outside of handlers. */
export function inheritedIds(): InheritedIds | undefined {
  const store = handled.getStore();
  if (store === undefined) return undefined;
  const { correlationId, eventId, tenantId } = store.ids;
  return { correlationId: carried(correlationId || eventId), tenantId };
}

function carried(id: string | undefined): string | undefined {
  return id !== undefined && shown(id, MAX_ID) === id ? id : undefined;
}
