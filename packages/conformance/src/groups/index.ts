/** Every group of tests, by the name it has in the report. */
import type { Group } from '../suite.js';
import { afterClose } from './after-close.js';
import { backpressure } from './backpressure.js';
import { browse } from './browse.js';
import { closing } from './closing.js';
import { closingPublishes } from './closing-publishes.js';
import { closingSubscriptions } from './closing-subscriptions.js';
import { consumerGroups } from './consumer-groups.js';
import { crash } from './crash.js';
import { deadLetters } from './dead-letters.js';
import { errors } from './errors.js';
import { events } from './events.js';
import { halt } from './halt.js';
import { headers } from './headers.js';
import { health } from './health.js';
import { idle } from './idle.js';
import { inspect } from './inspect.js';
import { lag } from './lag.js';
import { leases } from './leases.js';
import { membership } from './membership.js';
import { metrics } from './metrics.js';
import { middleware } from './middleware.js';
import { orderedDelivery } from './ordered-delivery.js';
import { outages } from './outages.js';
import { parkedKeys } from './parked-keys.js';
import { pausing } from './pausing.js';
import { permanentFailures } from './permanent-failures.js';
import { permissions } from './permissions.js';
import { positions } from './positions.js';
import { processEnd } from './process-end.js';
import { processingTimeout } from './processing-timeout.js';
import { publishOutcomes } from './publish-outcomes.js';
import { publishResults } from './publish-results.js';
import { publishing } from './publishing.js';
import { receipts } from './receipts.js';
import { reconnecting } from './reconnecting.js';
import { redrive } from './redrive.js';
import { redriveTrouble } from './redrive-trouble.js';
import { restart } from './restart.js';
import { retry } from './retry.js';
import { routing } from './routing.js';
import { sizes } from './sizes.js';
import { startPositions } from './start-positions.js';
import { tombstones } from './tombstones.js';
import { topicSettings } from './topic-settings.js';
import { topics } from './topics.js';
import { traceContext } from './trace-context.js';
import { unconfiguredTopics } from './unconfigured-topics.js';
import { unorderedDelivery } from './unordered-delivery.js';
import { updating } from './updating.js';
import { validation } from './validation.js';

/** Every group by its name in the report, in the order of the run. */
export const groups = {
  validation,
  publishing,
  'publish outcomes': publishOutcomes,
  'publish results': publishResults,
  'unordered delivery': unorderedDelivery,
  'ordered delivery': orderedDelivery,
  'consumer groups': consumerGroups,
  'start positions': startPositions,
  headers,
  tombstones,
  'trace context': traceContext,
  sizes,
  routing,
  middleware,
  retry,
  'permanent failures': permanentFailures,
  'dead letters': deadLetters,
  redrive,
  'redrive trouble': redriveTrouble,
  browse,
  inspect,
  halt,
  'parked keys': parkedKeys,
  'processing timeout': processingTimeout,
  backpressure,
  pausing,
  updating,
  idle,
  restart,
  crash,
  leases,
  receipts,
  reconnecting,
  outages,
  errors,
  positions,
  membership,
  permissions,
  'process end': processEnd,
  closing,
  'closing publishes': closingPublishes,
  'closing subscriptions': closingSubscriptions,
  'after close': afterClose,
  topics,
  'topic settings': topicSettings,
  'unconfigured topics': unconfiguredTopics,
  events,
  lag,
  health,
  metrics,
} as const satisfies Readonly<Record<string, Group>>;

/** A group's name, for running a part of the suite. */
export type GroupName = keyof typeof groups;

/** All names, in the order of the run. */
export const groupNames = Object.keys(groups) as readonly GroupName[];

/** Those that mostly need more than a bus: processes, a look into the log, a broker to break. They take the longest. */
export const faultGroups: readonly GroupName[] = [
  'crash',
  'leases',
  'receipts',
  'reconnecting',
  'outages',
  'errors',
  'positions',
  'membership',
  'permissions',
  'process end',
];

/** All others. */
export const commonGroups: readonly GroupName[] = groupNames.filter((name) => !faultGroups.includes(name));
