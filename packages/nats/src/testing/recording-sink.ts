/** Core's end of a subscription, which writes down what it is told. */
import type { CallOptions, SubscriptionSink } from '@ebus/core/driver';
import type { JetStreamDelivery } from '../js/delivery.js';

/** Each call is one entry of `told`. `drained` decides when a revocation ends: at once by default. */
export class RecordingSink implements SubscriptionSink {
  readonly told: string[] = [];
  readonly pushed: JetStreamDelivery[] = [];
  readonly errors: unknown[] = [];
  drained: Promise<void> = Promise.resolve();

  /** The sequences, in the order in which they came. */
  get sequences(): number[] {
    return this.pushed.map(({ sequence }) => sequence);
  }

  push(batch: Parameters<SubscriptionSink['push']>[0]): void {
    this.pushed.push(...(batch as readonly JetStreamDelivery[]));
  }

  failed(error: unknown): void {
    this.errors.push(error);
  }

  resumed(partition?: number): void {
    this.told.push(`resumed ${partition}`);
  }

  lost(tokens: readonly unknown[]): void {
    this.told.push(`lost ${tokens.length}`);
  }

  ended(): void {
    this.told.push('ended');
  }

  assigned(partitions: readonly number[]): void {
    this.told.push(`assigned ${partitions.join()}`);
  }

  async revoked(partitions: readonly number[], _: CallOptions): Promise<void> {
    this.told.push(`revoked ${partitions.join()}`);
    await this.drained;
    this.told.push(`drained ${partitions.join()}`);
  }

  unassigned(partitions: readonly number[]): void {
    this.told.push(`unassigned ${partitions.join()}`);
  }
}
