/** Logging as a dependency: any logger shaped like pino or like `console`. */
import { EbusError } from './errors.js';
import { escapeUnprintable, shown } from './util/shown.js';

/** ebus calls every method as pino expects it: `logger.warn({ topic, err }, 'what happened')`. */
export interface Logger {
  debug(...args: unknown[]): void;
  info(...args: unknown[]): void;
  warn(...args: unknown[]): void;
  error(...args: unknown[]): void;
}

/**
 * Silent below `warn`. Warnings and errors go to the console, one line each; below an error of the application stand the
 * places in the code that it came from. Never throws.
 */
export const defaultLogger: Logger = {
  debug() {},
  info() {},
  warn(...args) {
    // biome-ignore lint/suspicious/noConsole: the default destination
    write((line) => console.warn(line), 'warn', args);
  },
  error(...args) {
    // biome-ignore lint/suspicious/noConsole: the default destination
    write((line) => console.error(line), 'error', args);
  },
};

function write(print: (line: string) => void, level: string, args: readonly unknown[]): void {
  try {
    print(formatLine(level, args));
  } catch {
    // A console that cannot be written to must not disturb the bus.
  }
}

/** The folder of this package's files: their stack frames are left out. */
const HERE = new URL('.', import.meta.url).href;
/** Lines of a stack that are shown. */
const MAX_FRAMES = 8;

/** `[ebus] warn: cannot commit topic=orders err="PublishError: broker is gone (PUBLISH_FAILED)"` */
export function formatLine(level: string, args: readonly unknown[]): string {
  const texts: string[] = [];
  const fields: string[] = [];
  for (const arg of args) {
    if (typeof arg === 'string') {
      texts.push(oneLine(arg));
    } else if (hasFields(arg)) {
      // The error comes last: where it came from stands below it.
      const names = Object.keys(arg).sort((a, b) => Number(a === 'err') - Number(b === 'err'));
      for (const name of names) fields.push(`${name}=${formatValue(() => arg[name])}`);
    } else {
      texts.push(formatValue(() => arg));
    }
  }
  return [`[ebus] ${level}:`, ...texts, ...fields].join(' ') + framesIn(args);
}

/** Where an application's error came from. Those of ebus and of clients, which have codes, say it in their message. */
function framesIn(args: readonly unknown[]): string {
  const found = args.map((arg) => (hasFields(arg) ? safely(() => arg.err) : arg));
  const error = found.find((arg): arg is Error => arg instanceof Error);
  if (error === undefined || EbusError.isInstance(error) || (error as { code?: unknown }).code !== undefined)
    return '';
  const stack = safely(() => error.stack);
  if (typeof stack !== 'string') return '';
  const all = stack.split('\n').filter((line) => /^\s+at /.test(line) && !line.includes('node:internal'));
  const theirs = all.filter((line) => !line.includes(HERE));
  const frames = theirs.length === 0 ? all : theirs;
  return frames
    .slice(0, MAX_FRAMES)
    .map((line) => `\n    ${shown(line.trim(), 300)}`)
    .join('');
}

function safely(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function hasFields(arg: unknown): arg is Record<string, unknown> {
  const isObject = typeof arg === 'object' && arg !== null;
  return isObject && !(arg instanceof Error || arg instanceof Uint8Array || Array.isArray(arg));
}

/** Takes a function, because reading a property may throw as well as writing it does (a cycle). */
function formatValue(read: () => unknown): string {
  try {
    const value = read();
    if (typeof value === 'string') return /^[^\s"=\p{C}]+$/u.test(value) ? value : quoted(value);
    if (value instanceof Error) return quoted(formatError(value, 0));
    if (value instanceof Uint8Array) return `<${value.byteLength} bytes>`;
    if (typeof value !== 'object' || value === null) return String(value);
    const json = JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'bigint' ? String(inner) : inner instanceof Error ? formatError(inner, 0) : inner,
    );
    return escapeUnprintable(json);
  } catch {
    return '[unreadable]';
  }
}

/** Name, message and code, with the chain of causes; no stack, so that it stays one line. */
function formatError(error: Error, depth: number): string {
  const code = (error as { code?: unknown }).code;
  const text = `${error.name}: ${error.message}${code === undefined ? '' : ` (${String(code)})`}`;
  if (error.cause === undefined || depth === 4) return text;
  const cause = error.cause instanceof Error ? formatError(error.cause, depth + 1) : String(error.cause);
  return `${text}; caused by ${cause}`;
}

function oneLine(text: string): string {
  return escapeUnprintable(text.replace(/\s*[\r\n]+\s*/g, ' '));
}

const quoted = (text: string) => escapeUnprintable(JSON.stringify(text));

/** A logger with fields on each line: the application's own `child` where it has one, as pino does. */
export function boundLogger(logger: Logger, fields: Readonly<Record<string, unknown>>): Logger {
  const set = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const { child } = logger as Logger & { child?: unknown };
  if (typeof child === 'function') return child.call(logger, set) as Logger;
  const bound =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (...args: unknown[]) => {
      const [first, ...rest] = args;
      if (hasFields(first)) logger[level]({ ...set, ...first }, ...rest);
      else if (first instanceof Error) logger[level]({ ...set, err: first }, ...rest);
      else logger[level](set, ...args);
    };
  return { debug: bound('debug'), info: bound('info'), warn: bound('warn'), error: bound('error') };
}
