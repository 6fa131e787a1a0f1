/** Makes the reader of a layout: of each partition by itself where order holds across members, else of all of them at once. */
import { EbusError, type SubscriptionSink, type SubscriptionSpec } from '@ebus/core/driver';
import type { StreamInfo } from '@nats-io/jetstream';
import type { Api } from '../api.js';
import type { PullerOptions } from '../js/puller.js';
import { JetStreamSubscription } from '../js/subscription.js';
import type { LayoutReader } from './following.js';
import type { Generations } from './generations.js';
import { deleteLanes, makeLanes } from './lanes.js';
import type { Layout } from './layout.js';
import { PartitionedSubscription } from './subscription.js';

interface ReadersOptions
  extends Omit<PullerOptions, 'target' | 'topic' | 'accepts' | 'place' | 'isSuperseded'> {
  readonly spec: SubscriptionSpec;
  readonly sink: SubscriptionSink;
  readonly api: Api;
  readonly ackWait: number;
  readonly generations: Generations;
  readonly memberSubject: string;
}

/** Of one subscription. */
export class Readers {
  readonly #options: ReadersOptions;
  /** Core was told of partitions, and takes no message without one any more. */
  #hasPartitions = false;

  constructor(options: ReadersOptions) {
    this.#options = options;
  }

  async open(
    layout: Layout,
    { config, created: incarnation }: StreamInfo,
    onClosed?: (reader: LayoutReader) => void,
  ): Promise<LayoutReader> {
    const { consumers, generations, spec, memberSubject } = this.#options;
    const { topic, ordering } = spec;
    const lanes = generations.lanes(layout, config.name);
    const isSuperseded = () => generations.hasMovedOn(layout, config.name);
    const { isMade, info } = await makeLanes(consumers, lanes);
    if (isMade && (await isSuperseded())) {
      // They would deliver all of this layout anew.
      await deleteLanes(consumers, lanes);
      throw new EbusError(`the group has gone on with other partitions of '${topic}' at this moment`, {
        code: 'SUBSCRIBE_FAILED',
        retryable: true,
      });
    }
    if (ordering === 'cluster' && (layout.space !== undefined || this.#hasPartitions)) {
      this.#hasPartitions = true;
      const own = { topic, layout, lanes, incarnation, isSuperseded };
      const members = `${memberSubject}.${layout.space ?? 'plain'}`;
      return new PartitionedSubscription({ ...this.#options, ...own, memberSubject: members });
    }
    const [{ consumer }] = lanes;
    const place = layout.space === undefined ? undefined : { topic };
    const closing = onClosed === undefined ? {} : { onClosed };
    const options = { ...this.#options, place, isSuperseded, ...closing };
    return new JetStreamSubscription(options, { spec: consumer, info, incarnation });
  }
}
