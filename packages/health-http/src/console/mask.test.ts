import { expect, it } from 'vitest';
import { masked, type ShownMessage } from './mask.js';

const message: ShownMessage = {
  topic: 'orders',
  key: 'order-1',
  headers: [
    ['Authorization', 'Bearer abc'],
    ['x-api-key', 'abc'],
    ['Tenant', 'acme'],
  ],
  value: { Email: 'a@b.example', items: [{ card: { number: '4111' }, sku: 'x' }], total: 1 },
};

it('never shows headers that carry secrets', () => {
  const { headers, value } = masked(message, undefined);
  expect(headers).toEqual([
    ['Authorization', '***'],
    ['x-api-key', '***'],
    ['Tenant', 'acme'],
  ]);
  expect(value).toBe(message.value);
});

it('hides named fields at any depth and in any case, and named headers', () => {
  const { headers, value, key } = masked(message, ['email', 'CARD', 'tenant']);
  expect(value).toEqual({ Email: '***', items: [{ card: '***', sku: 'x' }], total: 1 });
  expect(headers.at(-1)).toEqual(['Tenant', '***']);
  expect(key).toBe('order-1');
});

it('hides what has no fields, and what is too deep', () => {
  expect(masked({ ...message, value: 'email=a@b.example' }, ['email']).value).toBeUndefined();
  let deep: unknown = { email: 'a' };
  for (let i = 0; i < 100; i++) deep = { deep };
  expect(JSON.stringify(masked({ ...message, value: deep }, ['email']).value)).not.toContain('"a"');
});

it('asks a function, and shows nothing where it throws', () => {
  const mask = ({ value }: ShownMessage) => ({
    key: 'k',
    value: { total: (value as { total: number }).total },
  });
  expect(masked(message, mask)).toMatchObject({ key: 'k', value: { total: 1 } });
  expect(masked(message, () => ({})).value).toBeUndefined();
  const thrown = masked(message, () => {
    throw new Error('oh');
  });
  expect(thrown).toMatchObject({ key: '***', headers: [], value: undefined });
});
