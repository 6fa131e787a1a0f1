/** A collector that collects nothing. */
import type { MetricsCollector } from './collector.js';

/** For code that wants a collector to be there. A bus without one does not measure at all. */
export class NoopMetricsCollector implements MetricsCollector {
  recordPublish(): void {}
  recordPublishBatch(): void {}
  recordConsume(): void {}
  recordConsumeBatch(): void {}
  recordConnection(): void {}
  recordReconnect(): void {}
  recordBacklog(): void {}
  recordBacklogState(): void {}
  recordHealthCheck(): void {}
  recordError(): void {}
  recordRetry(): void {}
  recordDeadLetter(): void {}
  recordDuplicate(): void {}
  recordSkipped(): void {}
  recordInFlight(): void {}
  recordPool(): void {}
}
