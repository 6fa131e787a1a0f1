/** Keeps a collector that throws from disturbing the bus. */
import type { Logger } from '../logger.js';
import { isPromise } from '../util/promise.js';
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
  'recordHalted',
  'recordParked',
] as const satisfies readonly (keyof MetricsCollector)[];

/** The same collector; its errors are logged once and swallowed. */
export function guarded(collector: MetricsCollector, logger: Logger): MetricsCollector {
  let reported = false;
  const failed = (err: unknown, method: string) => {
    if (!reported) logger.error({ err, method }, 'the metrics collector throws; figures are incomplete');
    reported = true;
  };
  const guard = (method: (typeof METHODS)[number]) => {
    const record = collector[method] as ((...args: unknown[]) => unknown) | undefined;
    return (...args: unknown[]) => {
      try {
        const outcome: unknown = record?.apply(collector, args);
        if (isPromise(outcome)) Promise.resolve(outcome).catch((err: unknown) => failed(err, method));
      } catch (err) {
        failed(err, method);
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
