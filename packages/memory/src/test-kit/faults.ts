/** Failures that a test asks for, each for the next so many publishes or attempts. */
import { ConnectionError } from '@ebus/core/driver';

/** A failure of publishes. */
export interface PublishFault {
  /** How many fail, retries included. Default 1. */
  times?: number;
  /** Whether the message is stored all the same: only the acknowledgement is lost. Default false. */
  stored?: boolean;
  /** The broker's answer. Default: a `ConnectionError`, which is retried. */
  error?: Error;
}

/** A failure of handlers. */
export interface HandlerFault {
  /** How many attempts fail. Default 1. */
  times?: number;
  /** `before`: the handler is not called. `after`: it has done its work, so the message is handled twice. Default `before`. */
  when?: 'before' | 'after';
  /** What the attempt fails with. Default: an `Error`, which is retried. */
  error?: unknown;
}

/** What is left of the faults of a kind, per topic: the oldest one is used up first. */
class Pending<Fault extends { times?: number }> {
  readonly #byTopic = new Map<string, { fault: Fault; left: number }[]>();

  add(topic: string, fault: Fault): void {
    const queue = this.#byTopic.get(topic) ?? [];
    queue.push({ fault, left: fault.times ?? 1 });
    this.#byTopic.set(topic, queue);
  }

  /** The fault for a publish or attempt that begins now. */
  take(topic: string): Fault | undefined {
    const queue = this.#byTopic.get(topic);
    const first = queue?.[0];
    if (queue === undefined || first === undefined) return undefined;
    first.left -= 1;
    if (first.left <= 0) queue.shift();
    return first.fault;
  }
}

/** All faults of a test. */
export class Faults {
  readonly publishes = new Pending<PublishFault>();
  readonly handlers = new Pending<HandlerFault>();
}

/** The error of a failed publish. */
export function publishError(topic: string, { error }: PublishFault): Error {
  return error ?? new ConnectionError(`the test lets a publish to '${topic}' fail`, { retryable: true });
}

/** The error of a failed attempt. */
export function handlerError(topic: string, { error }: HandlerFault): unknown {
  return error ?? new Error(`the test lets an attempt for '${topic}' fail`);
}
