/** The options of the plug-in. */
import type { CreateEventBusOptions, EventBus, EventBusConfig } from '@ebus/core';

/** Where the health routes are. */
export interface HealthRoutes {
  /** The prefix of `/livez`, `/readyz`, `/health` and `/metrics`, such as `/ops`. Default: none. */
  readonly path?: string;
  /** `probes`: all but `/metrics`. Default: all. */
  readonly serve?: 'all' | 'probes' | 'metrics';
}

interface Common {
  /** Routes for health and metrics. Default: none. `true`: at the root. */
  readonly health?: boolean | HealthRoutes;
  /**
   * Called when all plug-ins are loaded, before the server listens: subscribe here. A rejection makes `fastify.ready()` fail.
   */
  readonly subscribe?: (bus: EventBus) => unknown;
  /** How long handlers may take to finish when the server closes. Default: that of `bus.close()`, 30 s. */
  readonly closeTimeout?: NonNullable<Parameters<EventBus['close']>[0]>['timeout'];
}

/** The configuration of a bus to create, or a bus that is there: the plug-in closes either with the server. */
export type EbusFastifyOptions = Common &
  (
    | (CreateEventBusOptions & { readonly config: EventBusConfig; readonly bus?: never })
    | { readonly bus: EventBus; readonly config?: never }
  );
