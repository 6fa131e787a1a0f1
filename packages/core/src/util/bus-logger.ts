/** The logger that a bus and its adapter write to: the application's, behind filters that make it safe. */
import type { Clock } from '../clock.js';
import { defaultLogger, type Logger } from '../logger.js';
import type { Disclose } from './disclose.js';
import { disclosedField } from './disclosed-fields.js';
import { LineThinner, WINDOW_MS } from './line-thinner.js';
import { isPromise } from './promise.js';
import { isRecord } from './records.js';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** A logger that masks, cuts and thins. `flush` tells the lines held back. */
export interface BusLogger extends Logger {
  /** Writes how many lines were held back, and ends the timer. */
  flush(): void;
}

/** Clock, masking, and the trace of the code at hand. */
export interface BusLoggerOptions {
  readonly clock: Clock;
  readonly disclose: Disclose;
  /** `trace_id` and `span_id` of the span that is active, if any. */
  readonly activeIds?: (() => object) | undefined;
}

/**
 * Errors and texts are written without secrets, on one line, and cut. Floods of the same kind of line are thinned and
 * counted: the kind is the level, the text, topic and group, and the name and code of the error. A logger that throws
 * disturbs no caller; the console is told once.
 */
export function busLogger(target: Logger, options: BusLoggerOptions): BusLogger {
  const { clock, disclose, activeIds } = options;
  const thinner = new LineThinner(clock);
  const guard = loggerGuard();
  const write = (level: Level, args: readonly unknown[]) => {
    const safe = withIds(args, activeIds?.()).map((arg) => disclosedField(arg, disclose));
    guard(() => target[level]?.(...safe));
  };
  const line =
    (level: Level) =>
    (...args: unknown[]) => {
      if (level === 'debug') {
        if (target !== defaultLogger) write(level, args);
        return;
      }
      const tell = tellerOf(args, (...summary) => write(level, summary));
      if (thinner.admits(kindOf(level, args), tell)) write(level, args);
    };
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    flush: () => thinner.flush(),
  };
}

/** The fields of the line and the ids, where it has none of its own. */
function withIds(args: readonly unknown[], ids: object | undefined): readonly unknown[] {
  if (ids === undefined || !('trace_id' in ids)) return args;
  const at = args.findIndex(isRecord);
  return at < 0 ? [ids, ...args] : args.with(at, { ...ids, ...(args[at] as object) });
}

/** Calls a logger that may throw or reject; the first time the console is told. */
export function loggerGuard(): (call: () => unknown) => void {
  let reported = false;
  const failed = (err: unknown) => {
    if (!reported) defaultLogger.error({ err }, 'the logger throws; lines are missing');
    reported = true;
  };
  return (call) => {
    try {
      const outcome = call();
      if (isPromise(outcome)) Promise.resolve(outcome).catch(failed);
    } catch (err) {
      failed(err);
    }
  };
}

interface KnownFields {
  readonly topic?: unknown;
  readonly group?: unknown;
  readonly err?: { readonly name?: unknown; readonly code?: unknown };
}

function kindOf(level: Level, args: readonly unknown[]): string {
  const { topic, group, err } = fieldsOf(args);
  const parts = [level, textIn(args), topic, group, err?.name, err?.code];
  return parts.map((part) => (part === undefined ? '' : String(part).slice(0, 300))).join('\0');
}

/** Keeps no more of the line than its summary needs. */
function tellerOf(args: readonly unknown[], write: (...args: unknown[]) => void): (held: number) => void {
  const text = textIn(args);
  const { topic, group } = fieldsOf(args);
  return (held) => {
    const fields = { ...(topic === undefined ? {} : { topic }), ...(group === undefined ? {} : { group }) };
    write({ ...fields, more: held }, `${text} (${held} more like this within ${WINDOW_MS / 1_000} s)`);
  };
}

const textIn = (args: readonly unknown[]) => args.find((arg): arg is string => typeof arg === 'string') ?? '';

const fieldsOf = (args: readonly unknown[]): KnownFields =>
  args.find((arg): arg is object => typeof arg === 'object' && arg !== null) ?? {};
