/** The module: creates the bus, subscribes decorated methods, closes the bus with the application. */
import type { EventBus } from '@ebus/core';
import type { DynamicModule, FactoryProvider, ModuleMetadata } from '@nestjs/common';
import { DiscoveryModule, DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { type BusSource, busOf, EVENT_BUS } from './bus-provider.js';
import { EbusHealthIndicator } from './health-indicator.js';
import { EbusSubscriber } from './subscriber.js';

/** Options of `forRoot`: those of `createEventBus`, or a bus that is there. */
export type EbusModuleOptions = BusSource & {
  /** Whether other modules can inject the bus without importing this one. Default: true. */
  readonly isGlobal?: boolean;
};

/** Options of `forRootAsync`. */
export interface EbusModuleAsyncOptions
  extends Pick<ModuleMetadata, 'imports'>,
    Pick<FactoryProvider, 'inject'> {
  /** Called once, with the providers that `inject` names. */
  // biome-ignore lint/suspicious/noExplicitAny: the arguments are those that `inject` names
  readonly useFactory: (...args: any[]) => BusSource | Promise<BusSource>;
  /** Whether other modules can inject the bus without importing this one. Default: true. */
  readonly isGlobal?: boolean;
}

const SOURCE = Symbol('ebus.nest.source');

/**
 * Import it once, in the root module. Call `app.enableShutdownHooks()`, so that signals close the application and the bus with
 * it. Handlers finish before other modules' `onApplicationShutdown`, and the bus closes after the servers.
 */
// biome-ignore lint/complexity/noStaticOnlyClass: NestJS knows modules by their class
export class EbusModule {
  /** The bus is created from a configuration that is known when modules are declared. */
  static forRoot({ isGlobal, ...source }: EbusModuleOptions): DynamicModule {
    return EbusModule.forRootAsync({
      useFactory: () => source as BusSource,
      ...(isGlobal === undefined ? {} : { isGlobal }),
    });
  }

  /** The bus is created from other providers, such as those of `ConfigModule`. */
  static forRootAsync({
    imports = [],
    inject = [],
    useFactory,
    isGlobal = true,
  }: EbusModuleAsyncOptions): DynamicModule {
    return {
      module: EbusModule,
      global: isGlobal,
      imports: [DiscoveryModule, ...imports],
      providers: [
        { provide: SOURCE, useFactory, inject },
        { provide: EVENT_BUS, useFactory: busOf, inject: [SOURCE] },
        {
          provide: EbusSubscriber,
          useFactory: (
            bus: EventBus,
            discovery: DiscoveryService,
            scanner: MetadataScanner,
            reflector: Reflector,
          ) => new EbusSubscriber(bus, { discovery, scanner, reflector }),
          inject: [EVENT_BUS, DiscoveryService, MetadataScanner, Reflector],
        },
        {
          provide: EbusHealthIndicator,
          useFactory: (bus: EventBus) => new EbusHealthIndicator(bus),
          inject: [EVENT_BUS],
        },
      ],
      exports: [EVENT_BUS, EbusHealthIndicator],
    };
  }
}
