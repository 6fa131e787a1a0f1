/** What traces cost: nothing without an SDK, and the spans themselves with one. */
import { type CommonConfig, createEventBus, type EventBus } from '@ebus/core';
import { memory } from '@ebus/memory';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { compare, extraMicroseconds, type Measured } from '../compare.js';
import { ebusUnordered } from '../contenders.js';
import { type Row, speedOf } from '../report.js';

export async function tracing(rounds: number): Promise<Row[]> {
  await using off = await busWith({ enabled: false });
  await using on = await busWith({ enabled: true });
  const unobserved = await named(on, 'tracing on, no SDK');
  const without = await compare({ off: await named(off, 'tracing switched off'), on: unobserved }, rounds);
  // Last: without a provider, but with what the API keeps of it, the check takes longer.
  trace.setGlobalTracerProvider(new BasicTracerProvider());
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const traced = { ...unobserved, name: 'an SDK that records every span', messages: 100_000 };
  const within = await compare({ traced }, rounds);
  trace.disable();
  context.disable();
  propagation.disable();
  return [speedOf(without.off), costOver(without.on, without.off), costOver(within.traced, without.off)];
}

const busWith = (settings: CommonConfig['tracing']): Promise<EventBus> =>
  createEventBus({ type: 'memory', ...(settings && { tracing: settings }) }, { plugins: [memory] });

const named = async (bus: EventBus, name: string) => ({ ...(await ebusUnordered(bus)), name });

function costOver(measured: Measured, reference: Measured): Row {
  const cost = extraMicroseconds(measured, reference, 'processor');
  return { ...speedOf(measured), against: 'tracing switched off', figure: `${cost.toFixed(3)} µs more` };
}
