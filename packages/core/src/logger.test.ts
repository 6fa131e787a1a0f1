import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { PublishError } from './errors.js';
import { defaultLogger, formatLine, type Logger } from './logger.js';

describe('Logger', () => {
  it('is fitted by the console and by pino', () => {
    interface PinoLike {
      (obj: object, msg?: string, ...args: unknown[]): void;
      (msg: string, ...args: unknown[]): void;
    }
    expectTypeOf<Console>().toExtend<Logger>();
    expectTypeOf<Record<'debug' | 'info' | 'warn' | 'error', PinoLike>>().toExtend<Logger>();
  });
});

describe('defaultLogger', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('is silent below warn', () => {
    const methods = (['debug', 'info', 'log', 'warn', 'error'] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation(() => {}),
    );
    defaultLogger.debug({ topic: 'orders' }, 'fetched');
    defaultLogger.info('started');
    for (const method of methods) expect(method).not.toHaveBeenCalled();
  });

  it('writes one line for a warning and for an error', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    defaultLogger.warn({ topic: 'orders', attempt: 2 }, 'handler failed');
    defaultLogger.error('gone');
    expect(warn.mock.calls).toEqual([['[ebus] warn: handler failed topic=orders attempt=2']]);
    expect(error.mock.calls).toEqual([['[ebus] error: gone']]);
  });

  it('does not throw when the console does', () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {
      throw new Error('EPIPE');
    });
    expect(() => defaultLogger.warn('x')).not.toThrow();
  });
});

describe('formatLine', () => {
  it('shows an error with its code and causes, without stacks or line breaks', () => {
    const err = new PublishError('not accepted\nby the broker', { cause: new Error('socket closed') });
    const line = formatLine('warn', [{ err }, 'cannot publish\n  to orders']);
    expect(line).toBe(
      '[ebus] warn: cannot publish to orders ' +
        'err="PublishError: not accepted\\nby the broker (PUBLISH_FAILED); caused by Error: socket closed"',
    );
  });

  it('shows every kind of field', () => {
    const fields = {
      text: 'two words',
      none: null,
      gone: undefined,
      big: 10n,
      data: new Uint8Array(3),
      tags: ['a'],
    };
    expect(formatLine('warn', [fields])).toBe(
      '[ebus] warn: text="two words" none=null gone=undefined big=10 data=<3 bytes> tags=["a"]',
    );
    const bare = Object.assign(new Error('bare'), { code: 'E1' });
    expect(formatLine('warn', [bare, 7, 'text'])).toBe('[ebus] warn: "Error: bare (E1)" 7 text');
    expect(formatLine('warn', [{ map: { n: 1n, e: new Error('in') } }])).toBe(
      '[ebus] warn: map={"n":"1","e":"Error: in"}',
    );
  });

  it('shows where an error of the application came from, and that of nobody else', () => {
    const err = new TypeError('no total');
    const [line, ...frames] = formatLine('error', [{ topic: 'orders', err }, 'failed']).split('\n');
    expect(line).toBe('[ebus] error: failed topic=orders err="TypeError: no total"');
    expect(frames[0]).toMatch(/^ {4}at .*logger\.test\.ts:\d+:\d+/);
    expect(frames.length).toBeLessThanOrEqual(8);
    expect(formatLine('error', [new PublishError('gone')])).not.toContain('\n');
  });

  it('escapes what moves the cursor or turns the direction of writing', () => {
    const err = Object.assign(new Error('a\u009b2Jb\u202e'), { code: 'E1' });
    const line = formatLine('warn', [{ key: 'k\u202e', err, list: ['\u009b'] }, 'text\u001b[2J']);
    expect(line).toBe(
      '[ebus] warn: text\\u001b[2J key="k\\u202e" list=["\\u009b"] err="Error: a\\u009b2Jb\\u202e (E1)"',
    );
  });

  it('says so where a field cannot be read, and shows the rest', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const throwing = {
      a: 1,
      cycle,
      get b() {
        throw new Error('no');
      },
    };
    expect(formatLine('warn', [throwing, 'm'])).toBe('[ebus] warn: m a=1 cycle=[unreadable] b=[unreadable]');
  });

  it('ends for an error that is its own cause', () => {
    const error = new Error('loop');
    error.cause = error;
    expect(formatLine('warn', [error])).toContain('caused by Error: loop');
  });
});
