import { describe, expect, it } from 'vitest';
import { parseArguments, UsageError } from './arguments.js';

describe('parseArguments', () => {
  it('runs on memory by default', () => {
    expect(parseArguments([])).toEqual({ transport: 'memory', work: 1, help: false });
    expect(parseArguments(['memory', '--work', '0'])).toEqual({ transport: 'memory', work: 0, help: false });
  });

  it.each([
    [['nats'], 'nats is not available yet'],
    [['kafka'], 'kafka is not available yet'],
    [['rabbit'], "unknown transport 'rabbit'"],
    [['memory', 'twice'], "unexpected argument 'twice'"],
    [['--fast'], "Unknown option '--fast'"],
    [['--work', 'much'], '--work must be a whole number of milliseconds'],
  ])('refuses %j', (args, message) => {
    expect(() => parseArguments(args)).toThrow(UsageError);
    expect(() => parseArguments(args)).toThrow(message);
  });
});
