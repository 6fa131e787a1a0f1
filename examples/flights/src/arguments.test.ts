import { describe, expect, it } from 'vitest';
import { parseArguments, UsageError } from './arguments.js';

describe('parseArguments', () => {
  it('has defaults', () => {
    expect(parseArguments([])).toEqual({ work: 1, help: false });
    expect(parseArguments(['--work', '0'])).toEqual({ work: 0, help: false });
  });

  it('takes a configuration file where the program reads one', () => {
    expect(parseArguments(['--config', 'a.yaml'], { config: true })).toEqual({
      work: 1,
      help: false,
      config: 'a.yaml',
    });
    expect(() => parseArguments([], { config: true })).toThrow('--config needs a file');
    expect(() => parseArguments(['--config', 'a.yaml'])).toThrow("Unknown option '--config'");
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
