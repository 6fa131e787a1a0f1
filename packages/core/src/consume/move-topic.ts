/** Moving a topic's live publishers and subscriptions of this bus to another persistence. */
import type { Clock } from '../clock.js';
import type { Driver } from '../driver/driver.js';
import type { Persistence } from '../driver/message.js';
import { EbusError } from '../errors.js';
import type { Logger } from '../logger.js';
import { abortable, within } from '../util/waiting.js';
import type { Subscriptions } from './subscriptions.js';

/** The topic's route, as far as moving it goes. */
export interface HoldableRoute {
  readonly topic: string;
  /** Publishes that were sent and are not answered. */
  readonly sending: number;
  /** Holds publishes from now on. */
  hold(): void;
  release(): void;
  allAnswered(): Promise<void>;
}

/** The live publishers and subscriptions of a topic. */
export interface MoveTopicParts {
  readonly driver: Driver;
  readonly subscriptions: Subscriptions;
  /** Where the topic's publishes go. */
  routeOf(topic: string): HoldableRoute;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long the publishes under way may take to be acknowledged, in milliseconds. */
  readonly publishTimeout: number;
  /** Aborts once publishing is refused: publishes under way then get no answer. */
  readonly refused: AbortSignal;
}

/**
 * Where persistence is a setting of the broker's topic, nothing moves. Where it is a route: publishes are held while
 * those under way are acknowledged; the subscriptions get into position on the new route; the old one, which has
 * all messages up to here, ends; publishes go on, on the new route. So each message goes over exactly one of the
 * routes, and the subscriptions handle all of the old one before the first of the new one.
 *
 * @throws EbusError with nothing changed, and `commit` not called
 */
export async function moveTopic(
  parts: MoveTopicParts,
  topic: string,
  persistence: Persistence,
  commit: () => void,
): Promise<void> {
  const { driver, subscriptions, logger } = parts;
  if (driver.admin?.persistenceIs !== 'route') {
    const refresh = subscriptions.newPolicies(topic, persistence);
    commit();
    refresh();
    return;
  }
  await subscriptions.whileMoving(topic, async () => {
    const route = parts.routeOf(topic);
    route.hold();
    try {
      await answered(parts, route);
      const prepared = await subscriptions.prepareMove(topic, persistence);
      try {
        await prepared.moveOver();
      } catch (error) {
        await prepared.giveUp();
        throw error;
      }
      commit();
    } finally {
      route.release();
    }
  });
  logger.info({ topic, persistence }, 'the topic was moved: publishers and subscriptions of this bus follow');
}

async function answered(
  { clock, publishTimeout, refused }: MoveTopicParts,
  route: HoldableRoute,
): Promise<void> {
  const all = abortable(route.allAnswered(), refused, `moving topic '${route.topic}'`);
  await within(all, { clock, ms: publishTimeout }, () => {
    const text =
      `topic '${route.topic}' was not moved: ${route.sending} publishes under way were not acknowledged within ` +
      `${publishTimeout} ms; try again when the broker answers`;
    throw new EbusError(text, { code: 'PUBLISH_TIMEOUT', retryable: true });
  });
}
