import { fileURLToPath } from 'node:url';
import { runSource } from '@ebus/run-source';
import { describe, expect, it } from 'vitest';

describe('the governance example', () => {
  it('configures by template, refuses, and mends, then ends by itself', { timeout: 60_000 }, async () => {
    const file = fileURLToPath(new URL('./main.ts', import.meta.url));
    const { code, stdout, stderr } = await runSource(file);
    expect(stderr).toBe('');
    expect(stdout.split('\n')).toEqual([
      'By template:',
      '  business.orders: created, not in this transport: replicas, partitions, compression',
      '  business.payments.eu: created, not in this transport: replicas, partitions, compression',
      '  audit.logins: created, not in this transport: replicas',
      '  metrics.latency: created, not in this transport: replicas, partitions, compression',
      'Refused:',
      '  topic business.refunds requires at least 3 replicas, got 1',
      '  topic business.refunds requires persistence persistent, got ephemeral',
      'Found, and mended:',
      '  topic business.invoices requires at least 3 replicas, got 1',
      '  topic business.invoices requires persistence persistent, got auto',
      '  topic metrics.errors allows a retention of at most 1d, got 7d',
      '  left to do: 0',
      expect.stringMatching(/^ {2}business\.invoices now: .*"replicas":3.*/),
      '',
    ]);
    expect(code).toBe(0);
  });
});
