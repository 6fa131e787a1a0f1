import { describe, expect, it } from 'vitest';
import { MemoryBroker } from './broker.js';
import { testHost } from './testing/harness.js';
import { topicAdmin } from './topic-admin.js';

const options = { signal: new AbortController().signal };

describe('topicAdmin', () => {
  it('creates, describes and alters', async () => {
    const host = testHost();
    const admin = topicAdmin(new MemoryBroker(), () => host);
    expect(await admin.describe('orders', options)).toBeUndefined();
    await admin.create('orders', { persistence: 'persistent', maxMessages: 10, description: 'all' }, options);
    await admin.create('orders', { persistence: 'ephemeral' }, options);
    expect(await admin.describe('orders', options)).toEqual({
      name: 'orders',
      persistence: 'persistent',
      maxMessages: 10,
      description: 'all',
    });
    await admin.alter('orders', { persistence: 'ephemeral', maxMessages: -1, retentionMs: 60_000 }, options);
    expect(await admin.describe('orders', options)).toEqual({
      name: 'orders',
      persistence: 'ephemeral',
      retentionMs: 60_000,
      description: 'all',
    });
  });

  it('keeps only what it supports', async () => {
    const host = testHost();
    const admin = topicAdmin(new MemoryBroker(), () => host);
    await admin.create('orders', { persistence: 'persistent', partitions: 3, compression: 'gzip' }, options);
    const described = await admin.describe('orders', options);
    expect(Object.keys(described ?? {})).toEqual(['name', 'persistence']);
    expect([...admin.supports]).not.toContain('partitions');
  });

  it('does not alter what is not there', async () => {
    const admin = topicAdmin(new MemoryBroker(), () => testHost());
    await expect(admin.alter('orders', { maxMessages: 1 }, options)).rejects.toMatchObject({
      code: 'TOPIC_NOT_FOUND',
    });
  });
});
