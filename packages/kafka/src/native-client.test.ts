import { describe, expect, it } from 'vitest';
import { whyNotLoaded } from './native-client.js';

describe('whyNotLoaded', () => {
  it('says how to install the client where it is not there', () => {
    const message = "Cannot find module '@confluentinc/kafka-javascript'\nRequire stack:\n- /app/x.js";
    const text = whyNotLoaded(Object.assign(new Error(message), { code: 'MODULE_NOT_FOUND' }));
    expect(text).toContain("'npm install @confluentinc/kafka-javascript' (or 'pnpm add");
    expect(text).not.toContain('rebuild');
  });

  it('says how to build it where it is there without its binary', () => {
    const binary = "Cannot find module '../build/Release/confluent-kafka-javascript.node'";
    const missing = Object.assign(new Error(binary), { code: 'MODULE_NOT_FOUND' });
    for (const cause of [
      missing,
      new Error('Could not locate the bindings file'),
      new Error('invalid ELF header'),
    ]) {
      expect(whyNotLoaded(cause)).toContain(
        "'npm rebuild @confluentinc/kafka-javascript', or with pnpm 'pnpm approve-builds'",
      );
    }
  });

  it('names the packages to compile with in either case', () => {
    expect(whyNotLoaded(new Error('x'))).toContain('CKJS_LINKING=dynamic');
    expect(whyNotLoaded({})).toContain('libssl-dev');
  });
});
