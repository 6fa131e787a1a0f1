/** The broker, the clock and the records that all buses of one test share. */
import {
  type CommonConfig,
  type CreateEventBusOptions,
  createEventBus,
  type EventBus,
  type EventBusConfig,
} from '@ebus/core';
import { definePlugin, type Logger, SkippableClock, systemClock } from '@ebus/core/driver';
import { MemoryBroker } from '../broker.js';
import { memoryConfigSchema } from '../memory-config.js';
import { MemoryDriver } from '../memory-driver.js';
import { Faults } from './faults.js';
import { Recorder } from './recorder.js';
import { TestDriver } from './test-driver.js';
import type { Surroundings } from './waiting.js';

/** Options of a test's bus. All are optional. */
export interface TestBusOptions
  extends Pick<CreateEventBusOptions, 'plugins' | 'codec' | 'governance' | 'metrics'> {
  /** The service's name, which is also the default group. Default `test`. */
  serviceName?: string;
  /** More of the configuration, as a service has it: `{ subscriber: { processTimeout: '5s' } }`. */
  config?: Partial<CommonConfig>;
  /** Default: none. Give `console` to see what the bus logs. */
  logger?: Logger;
  /** The wall time at the start. Default: the machine's. */
  startAt?: Date;
}

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** What all buses of one test share. */
export class World implements Surroundings {
  readonly buses: EventBus[] = [];
  readonly broker = new MemoryBroker({ bufferSize: Number.MAX_SAFE_INTEGER });
  readonly faults = new Faults();
  readonly recorder: Recorder;
  readonly clock: SkippableClock;
  readonly #drivers: TestDriver[] = [];
  /** Keeps the process alive, as a connection to a broker does: timers of the bus alone do not. */
  readonly #alive = systemClock.setTimeout(() => {}, 2 ** 31 - 1);

  constructor({ codec, startAt }: TestBusOptions) {
    this.recorder = new Recorder(codec, this.faults);
    this.clock = new SkippableClock(startAt?.getTime());
  }

  async open(options: TestBusOptions): Promise<EventBus> {
    const {
      serviceName = 'test',
      config,
      logger = SILENT,
      plugins = [],
      codec,
      governance,
      metrics,
    } = options;
    const given = Object.entries({ codec, governance, metrics }).filter(([, value]) => value !== undefined);
    const bus = await createEventBus({ ...config, type: 'memory', serviceName } as EventBusConfig, {
      ...Object.fromEntries(given),
      plugins: [this.#plugin(), ...plugins],
      clock: this.clock,
      logger,
    });
    this.recorder.watch(bus);
    this.buses.push(bus);
    return bus;
  }

  setAway(away: boolean): void {
    for (const driver of this.#drivers) driver.setAway(away);
  }

  async close(): Promise<void> {
    systemClock.clearTimeout(this.#alive);
    await Promise.all(this.buses.map((bus) => bus.close({ timeout: '1s' })));
  }

  #plugin() {
    const wire = {
      faultOf: (topic: string) => this.faults.publishes.take(topic),
      stored: this.recorder.sent.bind(this.recorder),
    };
    return definePlugin({
      kind: 'transport',
      name: 'memory',
      config: memoryConfigSchema,
      create: () => {
        const driver = new TestDriver(new MemoryDriver(this.broker), wire);
        this.#drivers.push(driver);
        return driver;
      },
    });
  }
}
