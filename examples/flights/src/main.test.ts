import { fileURLToPath } from 'node:url';
import { runSource } from '@ebus/run-source';
import { describe, expect, it } from 'vitest';

const demo = (...args: string[]) => runSource(fileURLToPath(new URL('./main.ts', import.meta.url)), args);

describe('the flights demo', () => {
  it('handles every flight, finds all counts right, and ends by itself', { timeout: 60_000 }, async () => {
    const { code, stdout, stderr } = await demo('--work', '0');
    expect(stderr).toBe('');
    expect(stdout).toContain('All counts are right');
    expect(stdout).toMatch(/^ {2}DFW +1,103 /m);
    expect(stdout).toMatch(/^ {2}order violations +0 /m);
    expect(code).toBe(0);
  });

  it('says how it is used when the arguments are wrong, and ends with code 2', async () => {
    const { code, stdout, stderr } = await demo('--fast');
    expect(stderr).toContain("Unknown option '--fast'");
    expect(stderr).toContain('Usage: npm run demo');
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});
