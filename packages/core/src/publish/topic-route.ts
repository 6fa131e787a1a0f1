/** What publishing to one topic needs to know, worked out once per topic. */
import type { Persistence } from '../driver/message.js';
import { SendOrder } from './send-order.js';

export class TopicRoute {
  readonly topic: string;
  readonly persistence: Persistence;
  /** Retries belong to the client, which keeps their order. */
  readonly retriesInClient: boolean;
  readonly maxMessageBytes: number | undefined;
  readonly order: SendOrder;
  /** That events go to an ephemeral topic has been said. */
  notedEphemeral = false;
  /** What was configured about the topic has changed: make a new route. */
  stale = false;

  constructor(
    topic: string,
    persistence: Persistence,
    retriesInClient: boolean,
    maxMessageBytes: number | undefined,
    /** The order of the route that this one replaces, whose publishes may still be under way. */
    order: SendOrder = new SendOrder(),
  ) {
    this.topic = topic;
    this.persistence = persistence;
    this.retriesInClient = retriesInClient;
    this.maxMessageBytes = maxMessageBytes;
    this.order = order;
  }
}
