/** The module in a real NestJS application. */
import 'reflect-metadata';
import type { Envelope, EventBus, HandlerContext, Message } from '@ebus/core';
import { memory, resetMemoryBroker } from '@ebus/memory';
import { Inject, Injectable, type LoggerService, Module, Scope } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { afterEach, describe, expect, it } from 'vitest';
import {
  EbusHealthIndicator,
  EbusModule,
  EVENT_BUS,
  InjectEventBus,
  nestLogger,
  OnEvent,
  OnMessage,
} from './index.js';

const config = { type: 'memory', serviceName: 'shop', memory: { broker: 'nest' } } as const;
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  resetMemoryBroker('nest');
});

/** An application without a server, and its lines. */
async function start(module: object, lines: string[] = []) {
  const write = (level: string) => (line: unknown) => void lines.push(`${level}: ${String(line)}`);
  const logger: LoggerService = { log: () => {}, warn: write('warn'), error: write('error') };
  const app = await NestFactory.createApplicationContext(module as never, { logger, abortOnError: false });
  closing.push(() => app.close());
  return { app, bus: app.get<EventBus>(EVENT_BUS) };
}

const event = (aggregateId: string, eventType: string, eventVersion: number) => ({
  aggregateId,
  eventType,
  eventVersion,
  payload: { total: 42 },
});

@Injectable()
class Prices {
  readonly of = new Map([['order-1', 42]]);
}

@Injectable()
class Orders {
  readonly seen: string[] = [];
  @Inject(Prices) readonly prices!: Prices;
  @InjectEventBus() readonly bus!: EventBus;

  @OnEvent('shop.orders', { eventType: 'OrderPlaced', maxRetries: 0 })
  placed({ aggregateId }: Envelope, { group }: HandlerContext) {
    this.seen.push(`placed ${aggregateId} ${this.prices.of.get(aggregateId)} ${group}`);
  }

  @OnEvent('shop.orders', { eventType: 'OrderPaid' })
  async paid(envelope: Envelope) {
    if (envelope.aggregateId === 'bad') throw new Error('no');
    this.seen.push(`paid ${envelope.aggregateId}`);
    await this.bus.publish('shop.notes', `paid ${envelope.aggregateId}`);
  }

  @OnMessage('shop.notes')
  noted(message: Message) {
    this.seen.push(`note: ${message.text()}`);
  }
}

describe('EbusModule', () => {
  it('subscribes decorated methods, injects the bus, and routes the event types of one topic', async () => {
    @Module({ imports: [EbusModule.forRoot({ config, plugins: [memory] })], providers: [Orders, Prices] })
    class App {}
    const { app, bus } = await start(App);
    await bus.publishEnvelope('shop.orders', event('order-1', 'OrderPlaced', 1));
    await bus.publishEnvelope('shop.orders', event('order-1', 'OrderPaid', 2));
    await bus.idle();
    expect(app.get(Orders).seen).toEqual(['placed order-1 42 shop', 'paid order-1', 'note: paid order-1']);
  });

  it('is made from other providers', async () => {
    @Module({ providers: [{ provide: 'name', useValue: 'billing' }], exports: ['name'] })
    class Settings {}
    const useFactory = (serviceName: string) => ({ config: { ...config, serviceName }, plugins: [memory] });
    @Module({ imports: [EbusModule.forRootAsync({ imports: [Settings], inject: ['name'], useFactory })] })
    class App {}
    const { bus } = await start(App);
    expect(bus.serviceName).toBe('billing');
  });

  it('dead-letters what fails, and logs it by NestJS', async () => {
    const lines: string[] = [];
    @Module({ imports: [EbusModule.forRoot({ config, plugins: [memory] })], providers: [Orders, Prices] })
    class App {}
    const { bus } = await start(App, lines);
    await bus.publishEnvelope('shop.orders', event('bad', 'OrderPaid', 1));
    await bus.idle();
    expect(await bus.deadLetters.list('shop.orders')).toHaveLength(1);
    expect(lines).toContainEqual(expect.stringMatching(/^error: .*topic=shop\.orders.*err="Error: no"/));
  });

  it('closes with the application: handlers finish first, and the bus is closed after all', async () => {
    const order: string[] = [];
    let begun: () => void = () => {};
    const began = new Promise<void>((resolve) => {
      begun = resolve;
    });
    let finish: () => void = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    @Injectable()
    class Slow {
      @InjectEventBus() readonly bus!: EventBus;
      @OnEvent('shop.slow')
      async handle() {
        begun();
        await finished;
        await this.bus.publish('shop.notes', 'from a handler');
        order.push('handled');
      }
    }
    @Injectable()
    class Database {
      onApplicationShutdown() {
        order.push('database closed');
      }
    }
    @Module({ imports: [EbusModule.forRoot({ config, plugins: [memory] })], providers: [Slow, Database] })
    class App {}
    const { app, bus } = await start(App);
    await bus.publishEnvelope('shop.slow', event('a', 'E', 1));
    await began;
    const closed = app.close();
    finish();
    await closed;
    expect(order).toEqual(['handled', 'database closed']);
    await expect(bus.publish('shop.notes', 'x')).rejects.toMatchObject({ code: 'BUS_CLOSED' });
  });

  it('refuses handlers that cannot work, and says which', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class PerRequest {
      @OnEvent('shop.orders')
      handle() {}
    }
    @Module({ imports: [EbusModule.forRoot({ config, plugins: [memory] })], providers: [PerRequest] })
    class App {}
    await expect(start(App)).rejects.toThrow("PerRequest.handle handles 'shop.orders'");
  });
});

describe('EbusHealthIndicator', () => {
  it("is one of terminus': up, and down once the bus is closed", async () => {
    @Module({ imports: [EbusModule.forRoot({ config, plugins: [memory] }), TerminusModule] })
    class App {}
    const { app, bus } = await start(App);
    const health = app.get(HealthCheckService);
    const indicator = app.get(EbusHealthIndicator);
    const check = () => health.check([() => indicator.check('events')]);
    expect(await check()).toMatchObject({ status: 'ok', details: { events: { status: 'up' } } });
    await bus.close();
    await expect(check()).rejects.toMatchObject({ response: { status: 'error' } });
  });
});

describe('nestLogger', () => {
  it('writes text, fields and the stack', () => {
    const calls: unknown[][] = [];
    const take = (...args: unknown[]) => void calls.push(args);
    const logger = nestLogger('Bus', { log: take, warn: take, error: take });
    const err = new Error('gone');
    logger.info({ topic: 'a', n: 1 }, 'made');
    logger.error({ err, text: 'two words' }, 'failed');
    logger.debug('unseen');
    expect(calls).toEqual([['made topic=a n=1'], ['failed err="Error: gone" text="two words"', err.stack]]);
  });
});
