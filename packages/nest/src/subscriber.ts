/** Subscribes the decorated methods when the application has started, and closes the bus when it ends. */
import { ConfigError, type EventBus, type Subscription } from '@ebus/core';
import type { OnApplicationBootstrap, OnApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import type { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { HANDLER, type HandlerMetadata } from './on-event.js';
import { type Found, planOf } from './plan.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** The parts of NestJS that find the methods. */
export interface Finding {
  readonly discovery: DiscoveryService;
  readonly scanner: MetadataScanner;
  readonly reflector: Reflector;
}

/** Follows the life of the application. */
export class EbusSubscriber implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  readonly #bus: EventBus;
  readonly #finding: Finding;
  #subscriptions: Subscription[] = [];

  constructor(bus: EventBus, finding: Finding) {
    this.#bus = bus;
    this.#finding = finding;
  }

  /** Every module is there: handlers may use all of them. */
  async onApplicationBootstrap(): Promise<void> {
    for (const planned of planOf(this.#find())) {
      const { topic, options } = planned;
      const subscription =
        planned.kind === 'envelope'
          ? await this.#bus.subscribeEnvelope(topic, planned.handler, options)
          : await this.#bus.subscribe(topic, planned.handler, options);
      this.#subscriptions.push(subscription);
    }
  }

  /** Handlers finish while databases of other modules are still there; requests may still publish. */
  async onModuleDestroy(): Promise<void> {
    await Promise.all(this.#subscriptions.splice(0).map((subscription) => subscription.close()));
  }

  /** The servers of the application are closed: nothing publishes any more. */
  async onApplicationShutdown(): Promise<void> {
    await this.#bus.close();
  }

  #find(): Found[] {
    const { discovery } = this.#finding;
    return [...discovery.getProviders(), ...discovery.getControllers()].flatMap((wrapper) =>
      this.#in(wrapper),
    );
  }

  #in(wrapper: Wrapper): Found[] {
    const { scanner, reflector } = this.#finding;
    const { metatype } = wrapper;
    const prototype: unknown = typeof metatype === 'function' ? metatype.prototype : undefined;
    if (typeof prototype !== 'object' || prototype === null) return [];
    return scanner.getAllMethodNames(prototype).flatMap((method) => {
      const handler = (prototype as Record<string, unknown>)[method];
      const metadata =
        typeof handler === 'function'
          ? reflector.get<HandlerMetadata | undefined>(HANDLER, handler)
          : undefined;
      if (metadata === undefined) return [];
      const name = `${metatype?.name}.${method}`;
      const instance = wrapper.instance as Record<string, (...args: never[]) => unknown>;
      if (!wrapper.isDependencyTreeStatic()) {
        throw new ConfigError(
          `${name} handles '${metadata.topic}', and its class is made for each request; make it a singleton`,
        );
      }
      return [{ ...metadata, name, handle: (...args: never[]) => instance[method]?.(...args) }];
    });
  }
}
