/** An order service with NestJS: a service publishes events, another one handles them, and both end with the application. */
import 'reflect-metadata';
import type { Envelope, EventBus } from '@ebus/core';
import { memory } from '@ebus/memory';
import { EbusHealthIndicator, EbusModule, EVENT_BUS, InjectEventBus, OnEvent } from '@ebus/nest';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

@Injectable()
class Shop {
  @InjectEventBus() private readonly bus!: EventBus;

  async place(id: string, total: number): Promise<void> {
    const event = { aggregateId: id, payload: { total } };
    await this.bus.publishEnvelope('shop.orders', { ...event, eventType: 'OrderPlaced', eventVersion: 1 });
    await this.bus.publishEnvelope('shop.orders', { ...event, eventType: 'OrderPaid', eventVersion: 2 });
  }
}

@Injectable()
class Billing {
  @OnEvent('shop.orders', { group: 'billing', eventType: 'OrderPlaced' })
  placed({ aggregateId, payload }: Envelope<{ total: number }>): void {
    process.stdout.write(`invoice for ${aggregateId}: ${payload.total}\n`);
  }

  @OnEvent('shop.orders', { group: 'billing', eventType: 'OrderPaid' })
  paid({ aggregateId }: Envelope): void {
    process.stdout.write(`receipt for ${aggregateId}\n`);
  }
}

@Module({
  imports: [EbusModule.forRoot({ config: { type: 'memory', serviceName: 'shop' }, plugins: [memory] })],
  providers: [Shop, Billing],
})
class AppModule {}

const app = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error'] });
app.enableShutdownHooks();

await app.get(Shop).place('order-1', 42);
await app.get<EventBus>(EVENT_BUS).idle();
const { ebus } = await app.get(EbusHealthIndicator).check();
process.stdout.write(`health: ${ebus.status}\n`);
await app.close();
