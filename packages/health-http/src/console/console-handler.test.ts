/** The routes over real sockets, on a real bus. */
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { createEventBus, UnsupportedError } from '@ebus/core';
import { memory } from '@ebus/memory';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { event } from '../../../conformance/src/test-kit/events.js';
import { listening } from '../testing/listen.js';
import { keptLogger } from '../testing/sources.js';
import { consoleHandler } from './console-handler.js';
import type { ConsoleOptions } from './console-options.js';
import { shopOf } from './testing/shop.js';
import type { LettersPage, Snapshot } from './types.js';

/** Also on a machine that is busy. */
const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 20_000 });

/** Of a server that is impatient. */
const IDLE_MS = 100;

const own = { 'x-ebus-console': '1' };
const asJson = { ...own, 'content-type': 'application/json' };

const get = (url: string, headers: Record<string, string> = own) => fetch(url, { headers });

function act(url: string, body: unknown, headers: Record<string, string> = asJson) {
  return fetch(`${url}/api/actions`, { method: 'POST', headers, body: JSON.stringify(body) });
}

const lettersOf = async (url: string, query = '') =>
  (await (await get(`${url}/api/letters?topic=orders.dlq${query}`)).json()) as LettersPage;

/** The first snapshot that fits. */
async function snapshot(url: string, fits: (one: Snapshot) => boolean): Promise<Snapshot> {
  const response = await get(`${url}/api/live`);
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    for (const event of text.split('\n\n').slice(0, -1)) {
      const [, data] = /^data: (.*)$/m.exec(event) ?? [];
      if (data !== undefined && fits(JSON.parse(data))) return JSON.parse(data);
    }
    text = text.slice(text.lastIndexOf('\n\n') + 2);
  }
  throw new Error('the stream ended');
}

describe('the console', () => {
  it('serves a page that may load nothing but itself', async () => {
    const { url } = await shopOf();
    const page = await get(url, {});
    const policy = page.headers.get('content-security-policy');
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; connect-src 'self';/,
    );
    expect(policy).not.toContain('unsafe');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    const html = await page.text();
    expect(html).not.toMatch(/ (?:src|href)="(?!data:)/);
    expect((await get(`${url}/`, {})).status).toBe(200);
  });

  it('tells the state of the bus live', async () => {
    const { url, fail } = await shopOf();
    await fail('order-1');
    const { service, subscriptions, broker, health } = await snapshot(
      url,
      (one) => one.broker.state === 'ok' && one.health.state === 'ok',
    );
    expect([service, health.state === 'ok' && health.value.status]).toEqual(['shop', 'healthy']);
    expect(subscriptions).toMatchObject([{ topic: 'orders', group: 'shop', handled: 0, deadLettered: 1 }]);
    expect(broker.state === 'ok' && broker.value.topics).toMatchObject([
      { name: 'orders', messages: 1, groups: [{ group: 'shop', byEbus: true, lag: 0 }] },
      { name: 'orders.dlq', waiting: 1, groups: [] },
    ]);
  });

  it('finds, shows, redrives and deletes dead letters', async () => {
    const { url, fail, broken, handled } = await shopOf();
    await fail('a', 'b', 'c');
    const page = await lettersOf(url);
    expect(page).toMatchObject({
      total: 3,
      page: 0,
      letters: [{ key: 'a', error: 'no stock for a', attempts: 1 }, {}, {}],
    });
    expect((await lettersOf(url, '&key=b')).total).toBe(1);
    const [first, second] = page.letters;
    const letter = await (await get(`${url}/api/letter?topic=orders.dlq&position=${first?.position}`)).json();
    expect(letter).toMatchObject({ payload: { kind: 'json', text: '{\n  "order": "a"\n}' } });
    broken.clear();
    const redriven = await act(url, { action: 'redrive', topic: 'orders.dlq', positions: [first?.position] });
    expect([redriven.status, await redriven.json()]).toMatchObject([
      202,
      { state: 'done', outcome: '1 redriven' },
    ]);
    await soon(() => expect(handled).toEqual(['{"order":"a"}']));
    const left = await lettersOf(url);
    expect(left.letters.map(({ key }) => key).sort()).toEqual(['b', 'c']);
    const b = left.letters.find(({ key }) => key === second?.key)?.position;
    expect(
      await (await act(url, { action: 'delete', topic: 'orders.dlq', position: b })).json(),
    ).toMatchObject({ outcome: 'deleted' });
    expect((await lettersOf(url)).letters.map(({ key }) => key)).toEqual(['c']);
    expect((await get(`${url}/api/letter?topic=orders.dlq&position=999`)).status).toBe(404);
  });

  it('shows halted and parked keys, and lets them go on', async () => {
    const { url, bus } = await shopOf();
    let isMended = false;
    const handled: string[] = [];
    const handle = ({ aggregateId }: { aggregateId: string }) => {
      if (!isMended) throw new Error(`${aggregateId} is broken`);
      handled.push(aggregateId);
    };
    const event = (aggregateId: string) => ({
      aggregateId,
      eventType: 'Paid',
      eventVersion: 1,
      payload: { total: 1 },
    });
    await bus.subscribeEnvelope('payments', handle, { maxRetries: 0, onExhausted: 'halt' });
    await bus.subscribeEnvelope('parcels', handle, { maxRetries: 0, onExhausted: 'park' });
    for (const key of ['p', 'q']) await bus.publishEnvelope('payments', event(key));
    await bus.publishEnvelope('parcels', event('r'));
    const { halted, parked } = await snapshot(
      url,
      (one) => one.halted.length === 2 && one.parked.state === 'ok' && one.parked.value.length === 1,
    );
    expect(halted).toMatchObject([{ topic: 'payments', key: 'p', error: 'p is broken' }, { key: 'q' }]);
    expect(parked).toMatchObject({
      value: [
        { topic: 'parcels', deadLetterTopic: 'parcels.dlq', key: 'r', letters: 1, error: 'r is broken' },
      ],
    });
    await act(url, { action: 'skip', topic: 'payments', group: 'shop', key: 'p' });
    isMended = true;
    await act(url, { action: 'retry', topic: 'payments', group: 'shop', key: 'q' });
    await act(url, { action: 'redrive', topic: 'parcels.dlq', key: 'r' });
    await soon(() => expect(handled.sort()).toEqual(['q', 'r']));
    const unknown = await act(url, { action: 'retry', topic: 'payments', group: 'others' });
    expect(await unknown.json()).toMatchObject({
      state: 'failed',
      outcome: expect.stringContaining("'payments'"),
    });
  });

  it('pages through 10,000 dead letters', { timeout: 60_000 }, async () => {
    const { url, bus } = await shopOf();
    await Promise.all(Array.from({ length: 10_000 }, (_, i) => bus.publish('old.dlq', `letter ${i}`)));
    const page = (n: number) =>
      get(`${url}/api/letters?topic=old.dlq&page=${n}`).then(
        (answer) => answer.json() as Promise<LettersPage>,
      );
    const last = await page(199);
    expect([last.total, last.letters.length, last.letters.at(-1)?.payload.text]).toEqual([
      10_000,
      50,
      'letter 9999',
    ]);
    expect((await page(200)).letters).toEqual([]);
  });
});

describe('what a request may do', () => {
  it('only look, unless actions are allowed', async () => {
    const { url, fail } = await shopOf({});
    await fail('a');
    const answer = await act(url, { action: 'redrive', topic: 'orders.dlq', all: true });
    expect([answer.status, await answer.json()]).toMatchObject([
      403,
      { error: expect.stringContaining('allowActions') },
    ]);
    expect((await lettersOf(url)).total).toBe(1);
  });

  it('nothing without the token', async () => {
    const token = 'a-token-of-the-console';
    const { url } = await shopOf({ token, allowActions: true });
    for (const path of ['live', 'letters?topic=orders.dlq', 'letter?topic=orders.dlq&position=1']) {
      expect((await get(`${url}/api/${path}`)).status).toBe(401);
      expect(
        (await get(`${url}/api/${path}`, { ...own, authorization: 'Bearer wrong-token-of-the-console' }))
          .status,
      ).toBe(401);
    }
    expect((await act(url, { action: 'redrive', topic: 'orders.dlq', all: true })).status).toBe(401);
    const known = { ...own, authorization: `Bearer ${token}` };
    expect((await get(`${url}/api/letters?topic=orders.dlq`, known)).status).toBe(200);
  });

  it('nothing for other pages, and no form', async () => {
    const { url } = await shopOf();
    const body = { action: 'redrive', topic: 'orders.dlq', all: true };
    expect((await act(url, body, { 'content-type': 'application/json' })).status).toBe(403);
    expect((await act(url, body, { ...asJson, origin: 'http://evil.example' })).status).toBe(403);
    expect((await act(url, body, { ...own, 'content-type': 'text/plain' })).status).toBe(400);
    expect((await get(`${url}/api/actions`)).status).toBe(405);
    const preflight = await fetch(`${url}/api/actions`, {
      method: 'OPTIONS',
      headers: { origin: 'http://evil.example' },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([405, null]);
  });

  it.each([
    [{}, /action must be one of/],
    [[], /must be an object/],
    [{ action: 'redrive', topic: 'orders.dlq' }, /say which letters/],
    [{ action: 'redrive', topic: '', all: true }, /topic must be text/],
    [{ action: 'redrive', topic: 'orders.dlq', all: 'yes' }, /all must be/],
    [{ action: 'redrive', topic: 'orders.dlq', positions: [1] }, /positions must be text/],
    [{ action: 'delete', topic: 'orders.dlq' }, /position is missing/],
    [{ action: 'retry', topic: 'orders' }, /group is missing/],
    [{ action: 'skip', topic: 'orders', group: 'shop', force: true }, /not known/],
  ])('refuses %j', async (body, message) => {
    const { url } = await shopOf();
    const answer = await act(url, body);
    expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([
      400,
      expect.stringMatching(message),
    ]);
  });

  it('refuses bodies that are large or no JSON, and queries that say nothing', async () => {
    const { url } = await shopOf();
    const post = (body: string) => fetch(`${url}/api/actions`, { method: 'POST', headers: asJson, body });
    expect((await post('{')).status).toBe(400);
    expect((await post(`"${'x'.repeat(100_000)}"`)).status).toBe(413);
    expect((await post(`"${'x'.repeat(3_000_000)}"`)).status).toBe(413);
    expect((await post('')).status).toBe(400);
    const inParts = new Blob(Array.from({ length: 40 }, () => 'x'.repeat(50_000))).stream();
    const chunked = { method: 'POST', headers: asJson, body: inParts, duplex: 'half' } as RequestInit;
    expect((await fetch(`${url}/api/actions`, chunked)).status).toBe(413);
    for (const query of ['', '?topic=', '?topic=orders.dlq&page=-1'])
      expect((await get(`${url}/api/letters${query}`)).status).toBe(400);
    expect((await get(`${url}/api/letters?topic=a%0Ab`)).status).toBe(502);
  });
});

describe('two who act at once', () => {
  it('on one letter: the later one is told that it is gone', async () => {
    const { url, fail, broken } = await shopOf();
    await fail('a', 'b');
    broken.clear();
    const positions = async () => (await lettersOf(url)).letters.map(({ position }) => position);
    const [first = ''] = await positions();
    const redrive = async (chosen: string[]) => {
      const answer = await act(url, { action: 'redrive', topic: 'orders.dlq', positions: chosen });
      return ((await answer.json()) as { outcome: string }).outcome;
    };
    expect(await redrive([first])).toBe('1 redriven');
    expect(await redrive([first])).toMatch(/^0 redriven, 1 not there any more/);
    expect(await redrive([first, ...(await positions())])).toMatch(/^1 redriven, 1 not there any more/);
    const gone = await act(url, { action: 'delete', topic: 'orders.dlq', position: first });
    expect(await gone.json()).toMatchObject({ state: 'done', outcome: 'it was gone already' });
  });

  it('on one halted key: only the message that was asked about is skipped', async () => {
    const { url, bus } = await shopOf();
    const broken = new Set([1, 2]);
    const handled: number[] = [];
    const handle = ({ payload }: { payload: unknown }) => {
      const { sequence } = payload as { sequence: number };
      if (broken.has(sequence)) throw new Error('no stock');
      handled.push(sequence);
    };
    const halting = await bus.subscribeEnvelope('parcels', handle, { maxRetries: 0, onExhausted: 'halt' });
    await bus.publishEnvelope('parcels', event('p', 1));
    await bus.publishEnvelope('parcels', event('p', 2));
    const halted = () => bus.inspect.subscriptions().flatMap((one) => one.halted);
    const positionOf = () => String(halted()[0]?.message.position?.offset);
    await soon(() => expect(halted()).toHaveLength(1));
    const first = positionOf();
    const ask = async (action: string, position: string) => {
      const answer = await act(url, { action, topic: 'parcels', group: 'shop', key: 'p', position });
      return ((await answer.json()) as { outcome: string }).outcome;
    };
    // One page lets it go on, and the next message of the key halts: the other page still shows the first.
    broken.delete(1);
    expect(await ask('retry', first)).toBe('tried again');
    await soon(() => expect([handled, positionOf() === first]).toEqual([[1], false]));
    expect(await ask('skip', first)).toMatch(/nothing was done/);
    expect(halting.stats()).toMatchObject({ halted: 1, deadLettered: 0 });
    expect(await ask('skip', positionOf())).toMatch(/^dead-lettered/);
    expect(halting.stats()).toMatchObject({ halted: 0, deadLettered: 1 });
  });
});

describe('in a server that is there', () => {
  async function served(options: ConsoleOptions, inspect?: object, letters?: object) {
    const bus = await createEventBus(
      { type: 'memory', serviceName: 'shop' },
      { plugins: [memory], logger: keptLogger().logger },
    );
    const { type, serviceName, connection, health, deadLetters } = bus;
    const source =
      inspect === undefined
        ? bus
        : { type, serviceName, connection, health, deadLetters: letters ?? deadLetters, inspect };
    const handler = consoleHandler(source as never, { logger: keptLogger().logger, ...options });
    onTestFinished(async () => {
      handler.close();
      await bus.close({ timeout: 0 });
    });
    return listening(
      createServer((request, response) => {
        // Once the request is there: before, a machine that is busy would cut it off.
        request.socket.setTimeout(IDLE_MS);
        handler(request, response, () => response.end('next'));
      }),
    );
  }

  it('answers although reading takes longer than the server waits for a connection', async () => {
    const letters = async function* () {
      await setTimeout(3 * IDLE_MS);
      yield* [];
    };
    const at = await served({}, {}, { browse: letters });
    expect(await (await get(`${at}/ui/api/letters?topic=orders.dlq`)).json()).toMatchObject({ total: 0 });
  });

  it('says which methods there are', async () => {
    const at = await served({});
    const post = (path: string) => fetch(at + path, { method: 'POST', headers: own });
    expect((await post('/ui')).headers.get('allow')).toBe('GET, HEAD');
    expect((await post('/ui/api/letters')).headers.get('allow')).toBe('GET');
    expect((await get(`${at}/ui/api/actions`)).headers.get('allow')).toBe('POST');
    const head = await fetch(`${at}/ui`, { method: 'HEAD' });
    expect([head.status, Number(head.headers.get('content-length')) > 10_000]).toEqual([200, true]);
  });

  it('has a prefix, and leaves other paths to the next', async () => {
    const at = await served({ path: '/ops' });
    expect((await get(`${at}/ops/ui`)).status).toBe(200);
    for (const path of ['/ui', '/ops/uix', '/ops/ui/api', '/ops/ui/api/other'])
      expect(await (await get(at + path)).text()).toBe('next');
  });

  it('says what the transport cannot tell', async () => {
    const refuse = () => Promise.reject(new UnsupportedError('this transport cannot tell its topics'));
    const at = await served({}, { subscriptions: () => [], topics: refuse });
    const { broker, parked } = await snapshot(`${at}/ui`, (one) => one.parked.state === 'unsupported');
    expect([broker, parked]).toMatchObject([
      { state: 'unsupported', reason: 'this transport cannot tell its topics' },
      { state: 'unsupported' },
    ]);
  });

  it('refuses options that it does not understand', async () => {
    for (const options of [
      { token: 'short' },
      { traceLink: 'javascript:alert(1)//{traceId}' },
      { traceLink: 'https://x' },
      { hots: 1 },
      { mask: [1] },
    ]) {
      await expect(served(options as never)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    }
  });
});
