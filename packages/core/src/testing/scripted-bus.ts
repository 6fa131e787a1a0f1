/** A bus over a scripted driver and a manual clock. */
import { type CreateEventBusOptions, createEventBus } from '../bus/create-event-bus.js';
import type { EventBus } from '../bus/event-bus.js';
import type { CommonConfig, EventBusConfig } from '../config/types.js';
import type { Logger } from '../logger.js';
import { ManualClock } from './manual-clock.js';
import { ScriptedDriver, scriptedPlugin } from './scripted-driver.js';

export interface ScriptedBus {
  bus: EventBus;
  driver: ScriptedDriver;
  clock: ManualClock;
  /** What was logged: level and arguments. */
  logged: { level: keyof Logger; args: unknown[] }[];
}

export async function scriptedBus(
  config: CommonConfig = {},
  options: CreateEventBusOptions & { driver?: ScriptedDriver } = {},
): Promise<ScriptedBus> {
  const { driver = new ScriptedDriver(), ...rest } = options;
  const clock = new ManualClock();
  const logged: ScriptedBus['logged'] = [];
  const log =
    (level: keyof Logger) =>
    (...args: unknown[]) =>
      void logged.push({ level, args });
  const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
  // Not one of the transports that applications know.
  const full = { type: 'scripted', ...config } as unknown as EventBusConfig;
  const bus = await createEventBus(full, { plugins: [scriptedPlugin(driver)], clock, logger, ...rest });
  return { bus, driver, clock, logged };
}

/** Lets everything that is ready run, real I/O and timers aside. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Closes a bus that has something to wait for: its time passes meanwhile. */
export async function closed(
  { bus, clock }: Pick<ScriptedBus, 'bus' | 'clock'>,
  options?: Parameters<EventBus['close']>[0],
): ReturnType<EventBus['close']> {
  const report = bus.close(options);
  await clock.advance(60_000);
  return report;
}
