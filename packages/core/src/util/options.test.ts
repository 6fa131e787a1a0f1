import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors.js';
import {
  abortSignal,
  count,
  duration,
  flag,
  func,
  kind,
  nested,
  numberFromOne,
  oneOf,
  or,
  positiveInteger,
  size,
  text,
  withMethods,
} from './option-kinds.js';
import { checkOptions, optionTable } from './options.js';

interface Backoff {
  base?: number | string;
  factor?: number;
}
interface Options {
  timeout?: number | string;
  retries?: number;
  batch?: number;
  headers?: object;
  group?: string;
  bytes?: number | string;
  verbose?: boolean;
  mode?: 'fast' | 'safe';
  otherwise?: 'ignore' | (() => void);
  handler?: () => void;
  logger?: object;
  signal?: AbortSignal;
  backoff?: Backoff;
}

const TABLE = optionTable<Options>(
  {
    timeout: duration,
    retries: count,
    batch: positiveInteger,
    headers: kind('an object', (value) => typeof value === 'object'),
    group: text,
    bytes: size,
    verbose: flag,
    mode: oneOf('fast', 'safe'),
    otherwise: or(oneOf('ignore'), func),
    handler: func,
    logger: withMethods('a logger', 'info', 'warn'),
    signal: abortSignal,
    backoff: nested(optionTable<Backoff>({ base: duration, factor: numberFromOne })),
  },
  { priority: 'brokers have no priorities; leave it out' },
);

const check = (options: unknown) => checkOptions('work', options as object, TABLE);

describe('what is refused, and how', () => {
  it.each<[unknown, string]>([
    [{ retreis: 3 }, "work: unknown option 'retreis', did you mean 'retries'?"],
    [{ metadata: {} }, "work: unknown option 'metadata', use 'headers' instead"],
    [{ group_id: 'a' }, "work: unknown option 'group_id', use 'group' instead"],
    [{ maxRetries: 1 }, "work: unknown option 'maxRetries', use 'retries' instead"],
    [{ priority: 1 }, "work: unknown option 'priority': brokers have no priorities; leave it out"],
    [{ retreis: undefined }, "did you mean 'retries'?"],
    [{ zzzzzzzz: 1 }, "work: unknown option 'zzzzzzzz'; known are timeout, retries, batch"],
    [{ constructor: 1 }, "work: unknown option 'constructor'"],
    [JSON.parse('{ "__proto__": 1 }'), "work: unknown option '__proto__'"],
    [Object.create({ retreis: 3 }), "work: unknown option 'retreis'"],
    [{ timeout: 'soon' }, "work: timeout must be a duration: milliseconds, or text such as '500ms'"],
    [{ timeout: -1 }, 'work: timeout must be a duration'],
    [{ timeout: null }, 'got null'],
    [{ retries: 1.5 }, 'work: retries must be an integer of at least 0, got 1.5'],
    [{ retries: '3' }, 'got "3"'],
    [{ batch: 0 }, 'work: batch must be a positive integer, got 0'],
    [{ group: 7 }, 'work: group must be text, got 7'],
    [{ bytes: '5 apples' }, 'work: bytes must be a size'],
    [{ verbose: 'yes' }, 'work: verbose must be true or false, got "yes"'],
    [{ mode: 'slow' }, "work: mode must be 'fast' or 'safe', got \"slow\""],
    [{ otherwise: 'drop' }, 'work: otherwise must be \'ignore\' or a function, got "drop"'],
    [{ handler: {} }, 'work: handler must be a function, got an object'],
    [{ logger: { info() {} } }, 'work: logger must be a logger, with info() and warn(), got an object'],
    [{ signal: new AbortController() }, 'work: signal must be an AbortSignal (a controller'],
    [{ backoff: '1s' }, 'work: backoff must be an object such as { base: \'30s\' }, got "1s"'],
    [{ backoff: { factor: 0 } }, 'work: backoff.factor must be a number of at least 1, got 0'],
    [{ backoff: { bass: 1 } }, "work: unknown option 'backoff.bass', did you mean 'backoff.base'?"],
    [{ backoff: { initial: 1 } }, "work: unknown option 'backoff.initial', use 'backoff.base' instead"],
    [5_000, "work: the options must be an object such as { timeout: '30s' }, got 5000"],
    [null, 'work: the options must be an object'],
    [[], 'got a list'],
    [new Map([['retries', 3]]), 'got a Map'],
    [() => {}, 'got a function'],
    [AbortSignal.timeout(1), 'work: the options must be an object: { signal }, got an AbortSignal'],
  ])('%o', (options, message) => {
    expect(() => check(options)).toThrow(message);
    expect(() => check(options)).toThrow(ConfigError);
  });

  it('names the option in the problems', () => {
    expect(() => check({ backoff: { factor: 0 } })).toThrow(
      expect.objectContaining({
        problems: [{ path: 'backoff.factor', message: 'must be a number of at least 1, got 0' }],
      }),
    );
  });

  it('shows no more of a value or a name than helps', () => {
    const name = `secret-${'x'.repeat(10_000)}`;
    for (const options of [
      { timeout: 'x'.repeat(10_000) },
      { [name]: 1 },
      { mode: { password: 'hunter2' } },
    ]) {
      expect(() => check(options)).toThrow(
        expect.objectContaining({ message: expect.stringMatching(/^.{1,300}$/) }),
      );
      expect(() => check(options)).not.toThrow('hunter2');
    }
  });
});

it('takes what is right, and undefined for what is absent', () => {
  class Own {
    retries = 3;
    timeout = undefined;
  }
  for (const options of [
    undefined,
    {},
    { retries: undefined },
    Object.create(null),
    new Own(),
    Object.create({ retries: 3 }),
    { timeout: '1h30m', retries: 0, batch: 1, headers: {}, group: '', bytes: '64KB', verbose: false },
    { mode: 'safe', otherwise: 'ignore', handler() {}, logger: console, signal: AbortSignal.timeout(1) },
    { otherwise() {}, backoff: { base: 0, factor: 1 } },
    { backoff: undefined },
  ]) {
    expect(() => check(options)).not.toThrow();
  }
});
