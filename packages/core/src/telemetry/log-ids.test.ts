import { afterEach, describe, expect, it } from 'vitest';
import { REMOTE, recordedSpans } from '../testing/recorded-spans.js';
import { closed, type ScriptedBus, scriptedBus, settle } from '../testing/scripted-bus.js';
import { clientError } from '../testing/scripted-driver.js';

describe('log lines', () => {
  const spans = recordedSpans();
  let scripted: ScriptedBus;
  afterEach(() => closed(scripted, { timeout: 0 }));

  const lines = () =>
    scripted.logged.map(({ args }) => ({ ...(args[0] as object), text: args.at(-1) as string }));

  it("carry trace and span of the attempt that they are about, and the handler's own as well", async () => {
    scripted = await scriptedBus();
    const { bus, driver } = scripted;
    await bus.subscribe(
      'orders',
      (_, { logger }) => {
        logger.warn({ stock: 0 }, 'out of stock');
        throw new Error('no');
      },
      { maxRetries: 1, retryBackoff: { base: 10, jitter: false }, onError: () => 'no action' as 'retry' },
    );
    driver.subscriptions[0]?.deliver({ value: 'x', headers: [['traceparent', REMOTE.traceparent]] });
    await settle();
    await scripted.clock.advance(10);
    await settle();
    driver.sends[0]?.fail(clientError('away', false));
    await settle();
    await scripted.clock.advance(1_000);
    await settle();
    driver.sends[1]?.ack();
    await settle();
    const [first, second] = spans.all().filter(({ name }) => name === 'process orders');
    const ids = (span = first) => ({ trace_id: REMOTE.traceId, span_id: span?.spanContext().spanId });
    expect(lines()).toMatchObject([
      { text: 'out of stock', stock: 0, ...ids() },
      { text: expect.stringContaining('onError returned no action'), ...ids() },
      { text: expect.stringContaining('tried again'), ...ids() },
      { text: 'out of stock', ...ids(second) },
      { text: expect.stringContaining('onError returned no action'), ...ids(second) },
      { text: expect.stringContaining('could not publish a dead letter'), ...ids(second) },
      { text: expect.stringContaining('was dead-lettered'), ...ids(second) },
    ]);
  });

  it('carry those of the code at hand', async () => {
    scripted = await scriptedBus();
    const { bus, driver } = scripted;
    driver.capability = {};
    spans.tracer.startActiveSpan('request', (span) => {
      driver.host?.logger.warn({ topic: 'orders' }, 'within');
      driver.host?.logger.warn('only text');
      span.end();
      driver.host?.logger.warn({ topic: 'orders' }, 'after the end');
    });
    driver.host?.logger.warn({ topic: 'orders' }, 'outside');
    const { traceId: trace_id, spanId: span_id } = spans.only('request').spanContext();
    expect(lines()).toEqual([
      { topic: 'orders', text: 'within', trace_id, span_id },
      { text: 'only text', trace_id, span_id },
      { topic: 'orders', text: 'after the end' },
      { topic: 'orders', text: 'outside' },
    ]);
    expect(bus.type).toBe('scripted');
  });

  it('carry none where tracing is switched off', async () => {
    scripted = await scriptedBus({ tracing: { enabled: false } });
    spans.tracer.startActiveSpan('request', () =>
      scripted.driver.host?.logger.warn({ topic: 'orders' }, 'within'),
    );
    expect(lines()).toEqual([{ topic: 'orders', text: 'within' }]);
  });
});
