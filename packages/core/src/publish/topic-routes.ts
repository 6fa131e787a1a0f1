/** The routes of topics: worked out once, held while the topic is looked for, forgotten when idle. */
import type { Driver } from '../driver/driver.js';
import type { Persistence } from '../driver/message.js';
import { validateTopicName } from '../topic-name.js';
import { asPublishError } from './publish-error.js';
import { type RouteSettings, TopicRoute } from './topic-route.js';

/** Topics whose routes are remembered; beyond that the idle ones are forgotten and worked out anew. */
const MAX_ROUTES = 10_000;

/** The topics of the bus, as publishing uses them. */
export interface RoutedTopics {
  /** The persistence that the topic's publishers use at this moment. */
  persistenceOf(topic: string): Persistence;
  readonly use: {
    /**
     * Undefined where the topic is known to be there; else resolves once it is, or where only the broker's answer can tell.
     * @throws EbusError by rejecting, where the topic cannot be used
     */
    ready(topic: string, persistence: Persistence): Promise<void> | undefined;
    /** The broker says that it does not have the topic. */
    missed(topic: string): void;
  };
}

/** Where settings and topics are asked for. */
export interface TopicRoutesOptions {
  readonly driver: Driver;
  readonly topics: RoutedTopics;
}

/** The routes of all topics that were published to, by name. */
export class TopicRoutes {
  readonly #options: TopicRoutesOptions;
  readonly #routes = new Map<string, TopicRoute>();
  /** Looked through again when there are so many: twice as many as were busy then, so that looking costs little each. */
  #forgetAt = MAX_ROUTES;

  constructor(options: TopicRoutesOptions) {
    this.#options = options;
  }

  /** @throws TopicNameError; a name that passed is not looked at again */
  route(topic: string): TopicRoute {
    const route = this.unchecked(topic);
    if (!route.checked) this.#check(route);
    return route;
  }

  /** The same without looking for the topic, since nothing is published to it now. */
  unchecked(topic: string): TopicRoute {
    const known = this.#routes.get(topic);
    if (known !== undefined) return known;
    validateTopicName(topic);
    this.#options.driver.validateTopic?.(topic, 'publish');
    const route = new TopicRoute(topic, this.#settings(topic), (one) => this.#check(one));
    if (this.#routes.size >= this.#forgetAt) this.#forgetIdle();
    this.#routes.set(topic, route);
    return route;
  }

  /** The route of a topic that was published to. */
  known(topic: string): TopicRoute | undefined {
    return this.#routes.get(topic);
  }

  /** Whether the transport keeps the order of a key over its own retries, so that its publishes need no turns. */
  keepsOrderOverRetries(topic: string): boolean {
    return this.#settings(topic).retriesInClient;
  }

  /** The topic's configuration changed: it holds for later publishes. */
  refresh(topic: string): void {
    this.#routes.get(topic)?.set(this.#settings(topic));
  }

  /** Holds publishes while the topic is looked for and perhaps made: before its first use, and once it is missing. */
  #check(route: TopicRoute): void {
    const { use } = this.#options.topics;
    if (route.isMissed) use.missed(route.topic);
    route.isMissed = false;
    route.checked = true;
    const ready = use.ready(route.topic, route.persistence);
    if (ready === undefined) return;
    route.hold();
    ready.then(
      () => route.release(),
      (cause: unknown) => route.refuse(asPublishError(route.topic, cause)),
    );
  }

  #settings(topic: string): RouteSettings {
    const { driver, topics } = this.#options;
    const persistence = topics.persistenceOf(topic);
    const { retriesInClient, maxMessageBytes } = driver.capabilities(persistence);
    return { persistence, retriesInClient, maxMessageBytes };
  }

  #forgetIdle(): void {
    for (const [topic, route] of this.#routes) if (route.isIdle) this.#routes.delete(topic);
    this.#forgetAt = Math.max(MAX_ROUTES, 2 * this.#routes.size);
  }
}
