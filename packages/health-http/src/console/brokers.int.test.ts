/** A poisoned event on a real broker: found, understood, redriven and deleted by what the page asks its server. */
import { createEventBus, type EventBusConfig } from '@ebus/core';
import { serviceProblem, sharedService } from '@ebus/services';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../../conformance/src/test-kit/eventually.js';
import { uniqueName } from '../../../conformance/src/test-kit/unique-name.js';
import { healthHttp } from '../index.js';
import { transports } from '../testing/transports.js';
import type { JobView, LetterDetails, LettersPage } from './types.js';

const PATIENCE_MS = 90_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

describe.each(['nats', 'kafka'] as const)('the console on %s', async (name) => {
  const problem = await serviceProblem(name);

  it('finds, shows, redrives and deletes', { timeout: 240_000 }, async (test) => {
    if (problem !== undefined) test.skip(problem);
    const { addresses } = await sharedService(name, name === 'nats' ? { version: 'current' } : {});
    const { plugin, configOf } = transports[name];
    const topic = `${uniqueName('shop')}.orders`;
    const ui = { allowActions: true };
    const config = {
      ...configOf(addresses),
      serviceName: uniqueName('service'),
      healthHttp: { port: 0, host: '127.0.0.1', ui },
      topics: { [topic]: {}, [`${topic}.dlq`]: {} },
    } as EventBusConfig;
    await using bus = await createEventBus(config, { plugins: [plugin, healthHttp], logger: silent });
    const broken = new Set(['poison', 'wrong']);
    const handled: string[] = [];
    const handle = (message: { text(): string }) => {
      if (broken.has(message.text())) throw new Error(`${message.text()} is broken`);
      handled.push(message.text());
    };
    const subscription = await bus.subscribe(topic, handle, { maxRetries: 0, concurrency: 1 });
    for (const text of ['a', 'poison', 'wrong', 'b']) await bus.publish(topic, text, { key: 'order-1' });
    await eventually(PATIENCE_MS, () => subscription.stats().deadLettered === 2 && handled.length === 2);

    const { console: url = '' } = healthHttp.address(bus);
    const headers = { 'x-ebus-console': '1', 'content-type': 'application/json' };
    const ask = async <T>(path: string) =>
      (await (await fetch(`${url}/api/${path}`, { headers })).json()) as T;
    const letters = () => ask<LettersPage>(`letters?topic=${topic}.dlq`);
    const act = async (body: object) => {
      const answer = await fetch(`${url}/api/actions`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ topic: `${topic}.dlq`, ...body }),
      });
      return (await answer.json()) as JobView;
    };

    const found = await letters();
    expect(found.letters.map(({ key, error }) => [key, error])).toEqual([
      ['order-1', 'poison is broken'],
      ['order-1', 'wrong is broken'],
    ]);
    const position = found.letters[0]?.position ?? '';
    const details = await ask<LetterDetails>(`letter?topic=${topic}.dlq&position=${position}`);
    expect(details).toMatchObject({
      topic,
      payload: { text: 'poison' },
      attempts: 1,
      code: 'HANDLER_FAILED',
    });

    broken.delete('poison');
    expect(await act({ action: 'redrive', positions: [position] })).not.toMatchObject({ state: 'failed' });
    await eventually(PATIENCE_MS, () => handled.includes('poison'));
    // Brokers that settle by position have put the other one at the end.
    await eventually(
      PATIENCE_MS,
      async () => (await letters()).letters.map(({ error }) => error).join() === 'wrong is broken',
    );
    const [left] = (await letters()).letters;
    await act({ action: 'delete', position: left?.position });
    await eventually(PATIENCE_MS, async () => (await letters()).total === 0);
    expect(handled).not.toContain('wrong');
  });
});
