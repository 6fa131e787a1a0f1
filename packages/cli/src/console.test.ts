import { randomUUID } from 'node:crypto';
import { createEventBus } from '@ebus/core';
import { memory, resetMemoryBroker } from '@ebus/memory';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Workshop } from './testing/recorded-io.js';

/** Also on a machine that is busy. */
const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 20_000 });

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const broker = `console-${randomUUID()}`;
const config = {
  type: 'memory',
  serviceName: 'shop',
  memory: { broker },
  healthHttp: { port: 1, host: '127.0.0.1', ui: { mask: ['email'] } },
};

afterEach(() => resetMemoryBroker(broker));

/** The command at work: its address, and the end of it. */
async function running(shop: Workshop, args: string[], env: Record<string, string> = {}) {
  const interrupted = new AbortController();
  let written = '';
  let notes = '';
  const out = (text: string) => {
    written += text;
  };
  const err = (text: string) => {
    notes += text;
  };
  const ended = shop.run(['console', '--port', '0', ...args], { signal: interrupted.signal, out, err, env });
  await soon(() => expect([written, notes]).toEqual([expect.stringMatching(/^http:\S+\n/), '']));
  const [address = ''] = /^\S+/.exec(written) ?? [];
  const [url = '', token] = address.split('#token=');
  const end = async () => {
    interrupted.abort();
    return (await ended).code;
  };
  return { url, token, end, notes: () => notes, text: () => written };
}

const ask = (url: string, path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(`${url}/api/${path}`, { ...init, headers: { 'x-ebus-console': '1', ...headers } });

describe('ebus console', () => {
  it('shows and repairs the bus of a service, with its configuration', async () => {
    const bus = await createEventBus(
      { type: 'memory', serviceName: 'shop', memory: { broker } },
      { plugins: [memory], logger: silent },
    );
    let isMended = false;
    const handled: string[] = [];
    const handle = (message: { text(): string }) => {
      if (!isMended) throw new Error('no stock');
      handled.push(message.text());
    };
    const subscription = await bus.subscribe('orders', handle, { maxRetries: 0 });
    await bus.publish('orders', '{"email":"a@b.example"}');
    await soon(() => expect(subscription.stats().deadLettered).toBe(1));
    await using shop = await Workshop.with(config);
    const { url, token, end, notes } = await running(shop, ['--allow-actions']);
    expect(token).toBeUndefined();
    expect(await (await fetch(url)).text()).toContain('ebus console');
    const { letters } = (await (await ask(url, 'letters?topic=orders.dlq')).json()) as {
      letters: { position: string; payload: { text: string } }[];
    };
    // Masked as the service has it.
    expect(letters.map(({ payload }) => payload.text)).toEqual(['{"email":"***"}']);
    isMended = true;
    const body = JSON.stringify({
      action: 'redrive',
      topic: 'orders.dlq',
      positions: letters.map(({ position }) => position),
    });
    const answer = await ask(
      url,
      'actions',
      { 'content-type': 'application/json' },
      { method: 'POST', body },
    );
    expect(await answer.json()).toMatchObject({ state: 'done', outcome: '1 redriven' });
    await soon(() => expect(handled).toEqual(['{"email":"a@b.example"}']));
    expect(notes()).toContain('an operator acts by the console redrive orders.dlq');
    expect(await end()).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
    await bus.close({ timeout: 0 });
  });

  it('only shows by default, and makes a token for other machines', async () => {
    await using shop = await Workshop.with(config);
    const { url, token = '', end, text } = await running(shop, ['--host', '0.0.0.0']);
    expect(text()).toContain('It only shows');
    expect((await ask(url, 'letters?topic=orders.dlq')).status).toBe(401);
    const authorization = `Bearer ${decodeURIComponent(token)}`;
    expect((await ask(url, 'letters?topic=orders.dlq', { authorization })).status).toBe(200);
    const init = { method: 'POST', body: '{}' };
    expect(
      (await ask(url, 'actions', { authorization, 'content-type': 'application/json' }, init)).status,
    ).toBe(403);
    expect(await end()).toBe(0);
  });

  it('shows that the broker is away', async () => {
    const away = { type: 'nats', serviceName: 'shop', nats: { urls: ['nats://127.0.0.1:1'] } };
    await using shop = await Workshop.with(away);
    const { url, end } = await running(shop, []);
    const live = await ask(url, 'live');
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of live.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (/"health":\{"state":"ok"[^}]*"status":"unhealthy"/.test(text)) break;
    }
    expect(text).toMatch(/"connection":\{"status":"(?:connecting|reconnecting)"/);
    expect(await end()).toBe(0);
  });

  it('says what is wrong', async () => {
    await using shop = await Workshop.with(config);
    expect(await shop.run(['console', '--port', 'x'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--port'),
    });
    const short = await shop.run(['console', '--port', '0'], { env: { EBUS_CONSOLE_TOKEN: 'short' } });
    expect(short).toMatchObject({ code: 2, err: expect.stringContaining('16 characters') });
    const { url, end } = await running(shop, []);
    const taken = await shop.run(['console', '--port', new URL(url).port]);
    expect(taken).toMatchObject({ code: 2, err: expect.stringContaining('in use') });
    await end();
  });
});
