import { describe, expect, it } from 'vitest';
import { parseArguments, UsageError } from './arguments.js';

describe('parseArguments', () => {
  it('has defaults', () => {
    expect(parseArguments([])).toEqual({ work: 1, help: false });
    expect(parseArguments(['--work', '0'])).toEqual({ work: 0, help: false });
  });

  it.each([
    [['twice'], "Unexpected argument 'twice'"],
    [['--fast'], "Unknown option '--fast'"],
    [['--work', 'much'], '--work must be a whole number of milliseconds'],
  ])('refuses %j', (args, message) => {
    expect(() => parseArguments(args)).toThrow(UsageError);
    expect(() => parseArguments(args)).toThrow(message);
  });
});
