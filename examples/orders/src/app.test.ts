/** The whole example, on the embedded database and the in-process transport, driven as its page drives it. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type App, startApp } from './app.js';
import type { Tables } from './state.js';

type State = Tables & {
  readonly relay: boolean;
  readonly log: string[];
  readonly projection: { readonly applied: number; readonly duplicates: number };
};

let app: App;

beforeAll(async () => {
  app = await startApp('memory', 0, '127.0.0.1');
}, 60_000);
afterAll(() => app.close());

const state = async () => (await (await fetch(`${app.url}/state`)).json()) as State;

async function post(path: string, body?: object) {
  const response = await fetch(`${app.url}${path}`, { method: 'POST', body: JSON.stringify(body ?? {}) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const until = (check: (now: State) => void) =>
  vi.waitFor(async () => check(await state()), { timeout: 15_000, interval: 50 });

it('shows each order in the projection, step by step', async () => {
  const { status, body } = await post('/orders', { total: 42 });
  expect(status).toBe(201);
  await post(`/orders/${body.id}/pay`);
  await post(`/orders/${body.id}/ship`);
  await until(({ view, counts }) => {
    expect(view).toContainEqual({ id: body.id, total: 42, status: 'shipped', version: 3 });
    expect(counts).toMatchObject({ pending: 0, behind: 0 });
  });
});

it('publishes nothing of a transaction that was rolled back, and says what is wrong', async () => {
  const { counts } = await state();
  expect(await post('/orders', { total: -1 })).toMatchObject({
    status: 422,
    body: { error: expect.stringContaining('a whole number') },
  });
  expect(await post('/orders/order-999/pay')).toMatchObject({ status: 404 });
  expect((await state()).counts).toEqual(counts);
});

it('goes on where a killed relay stopped', { timeout: 30_000 }, async () => {
  await post('/relay/kill');
  for (let total = 1; total <= 20; total++) await post('/orders', { total });
  expect((await state()).counts).toMatchObject({ pending: 20, behind: 20 });
  await post('/relay/start');
  await until(({ counts }) => expect(counts).toMatchObject({ pending: 0, behind: 0 }));
});

it('applies an event once whose handler failed twice', async () => {
  const before = (await state()).projection;
  await post('/handler/fail');
  await post('/orders', { total: 42 });
  await until(({ counts, projection, log }) => {
    expect(counts).toMatchObject({ behind: 0 });
    expect(projection).toEqual({ ...before, applied: before.applied + 1 });
    expect(log.filter((line) => line.includes('failed (retry)'))).toHaveLength(2);
  });
});

it('serves its page without requests to elsewhere', async () => {
  const response = await fetch(app.url);
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  expect(await response.text()).not.toMatch(/(src|href)="?https?:/);
});
