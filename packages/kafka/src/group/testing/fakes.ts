/** Stand-ins for the tests of a group's parts. */
import type { Message } from '@confluentinc/kafka-javascript';
import type { IncomingMessage, Logger, SubscriptionSink } from '@ebus/core/driver';
import type { Position } from '../positions.js';

/** What core was told, in words. */
export class FakeSink implements SubscriptionSink {
  readonly told: string[] = [];
  readonly pushed: IncomingMessage[] = [];
  /** What `revoked` waits for. */
  drained: Promise<void> = Promise.resolve();

  push(batch: readonly IncomingMessage[]): void {
    this.pushed.push(...batch);
  }
  failed(error: unknown): void {
    this.told.push(`failed: ${(error as Error).message}`);
  }
  resumed(): void {
    this.told.push('resumed');
  }
  lost(): void {}
  ended(): void {}
  assigned(partitions: readonly number[]): void {
    this.told.push(`assigned ${partitions.join()}`);
  }
  async revoked(partitions: readonly number[]): Promise<void> {
    this.told.push(`revoked ${partitions.join()}`);
    await this.drained;
  }
  unassigned(partitions: readonly number[], why?: string): void {
    this.told.push(`unassigned ${partitions.join()}${why === undefined ? '' : `: ${why}`}`);
  }
  /** As places, `partition:offset`. */
  get places(): string[] {
    return this.pushed.map(({ position }) => `${position?.partition}:${position?.offset}`);
  }
}

export const message = (topic: string, partition: number, offset: number): Message =>
  ({
    topic,
    partition,
    offset,
    value: Buffer.from('x'),
    key: null,
    headers: [],
    timestamp: 1,
    size: 1,
  }) as never;

export const at = (offset: number, more: Partial<Position> = {}): Position => ({
  offset,
  settled: [],
  isCommitted: false,
  ...more,
});

export function recorder(): { lines: string[]; logger: Logger } {
  const lines: string[] = [];
  const note =
    (level: string) =>
    (...args: unknown[]) =>
      void lines.push(`${level}: ${args.at(-1)}`);
  return {
    lines,
    logger: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
  };
}
