/** Keeps a collector that throws from disturbing the bus. */
import type { Logger } from '../logger.js';
import type { MetricsCollector, MetricsExposition } from './collector.js';

const METHODS = [
  'recordPublish',
  'recordPublishBatch',
  'recordConsume',
  'recordConsumeBatch',
  'recordConnection',
  'recordReconnect',
  'recordBacklog',
  'recordBacklogState',
  'recordHealthCheck',
  'recordError',
  'recordRetry',
  'recordDeadLetter',
  'recordDuplicate',
  'recordSkipped',
  'recordInFlight',
  'recordPool',
] as const satisfies readonly (keyof MetricsCollector)[];

/** The same collector; what it throws is logged once and swallowed. */
export function guarded(collector: MetricsCollector, logger: Logger): MetricsCollector {
  let reported = false;
  const guard = (method: (typeof METHODS)[number]) => {
    const record = collector[method] as ((...args: unknown[]) => void) | undefined;
    return (...args: unknown[]) => {
      try {
        record?.apply(collector, args);
      } catch (err) {
        if (!reported) logger.error({ err, method }, 'the metrics collector throws; figures are incomplete');
        reported = true;
      }
    };
  };
  return {
    ...(Object.fromEntries(METHODS.map((method) => [method, guard(method)])) as unknown as MetricsCollector),
    ...(collector.expose === undefined
      ? {}
      : { expose: () => collector.expose?.() as Promise<MetricsExposition> }),
    ...(collector.close === undefined ? {} : { close: () => closed(collector, logger) }),
  };
}

async function closed(collector: MetricsCollector, logger: Logger): Promise<void> {
  try {
    await collector.close?.();
  } catch (err) {
    logger.error({ err }, 'the metrics collector could not be closed cleanly');
  }
}
