/** What publishing to one topic needs to know, worked out once per topic. */
import type { Persistence } from '../driver/message.js';
import { SendOrder } from './send-order.js';

export class TopicRoute {
  readonly topic: string;
  readonly persistence: Persistence;
  /** Retries belong to the client, which keeps their order. */
  readonly retriesInClient: boolean;
  readonly order = new SendOrder();

  constructor(topic: string, persistence: Persistence, retriesInClient: boolean) {
    this.topic = topic;
    this.persistence = persistence;
    this.retriesInClient = retriesInClient;
  }
}
