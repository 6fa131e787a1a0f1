import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runSource } from '@ebus/run-source';
import { afterEach, describe, expect, it, vi } from 'vitest';

const service = (...args: string[]) => runSource(fileURLToPath(new URL('./main.ts', import.meta.url)), args);

afterEach(() => vi.unstubAllEnvs());

describe('the service that is configured by a file', () => {
  it('runs as the file says, and ends by itself', async () => {
    const lines = [
      'billing bills order-1: 42',
      'shop.orders {"retention":"30d"}',
      'shop.refunds {"retention":"30d"}',
      'shop.prices {"persistence":"ephemeral"}',
    ];
    expect(await service()).toEqual({ code: 0, stdout: `${lines.join('\n')}\n`, stderr: '' });
  });

  it('runs in another environment', async () => {
    vi.stubEnv('BILLING_ENV', 'production');
    const { code, stdout } = await service();
    expect(code).toBe(0);
    expect(stdout).toContain('shop.orders {"retention":"30d","maxSize":"10GB","replicas":3}');
  });

  it('lists everything that is wrong with the file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ebus-config-file-'));
    const file = join(folder, 'billing.yaml');
    writeFileSync(
      file,
      'eventbus:\n  type: memory\n  topics:\n    a: { retension: 7d }\n  memory: { bufferSize: x }\n',
    );
    const { code, stdout, stderr } = await service(file);
    rmSync(folder, { recursive: true });
    const lines = [
      `'${file}' is wrong:`,
      "  topics.a.retension: unknown key, did you mean 'retention'?",
      '  memory.bufferSize: must be a number, got "x"',
    ];
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: `${lines.join('\n')}\n` });
  });
});
