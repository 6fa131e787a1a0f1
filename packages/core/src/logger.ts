/** Logging as a dependency: any logger shaped like pino or like `console`. */

/** ebus calls every method as pino expects it: `logger.warn({ topic, err }, 'what happened')`. */
export interface Logger {
  debug(...args: unknown[]): void;
  info(...args: unknown[]): void;
  warn(...args: unknown[]): void;
  error(...args: unknown[]): void;
}

/** Silent below `warn`; warnings and errors go to the console, one line each. Never throws. */
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

/** `[ebus] warn: cannot commit topic=orders err="PublishError: broker is gone (PUBLISH_FAILED)"` */
export function formatLine(level: string, args: readonly unknown[]): string {
  const texts: string[] = [];
  const fields: string[] = [];
  for (const arg of args) {
    if (typeof arg === 'string') {
      texts.push(oneLine(arg));
    } else if (hasFields(arg)) {
      for (const name of Object.keys(arg)) fields.push(`${name}=${formatValue(() => arg[name])}`);
    } else {
      texts.push(formatValue(() => arg));
    }
  }
  return [`[ebus] ${level}:`, ...texts, ...fields].join(' ');
}

function hasFields(arg: unknown): arg is Record<string, unknown> {
  const isObject = typeof arg === 'object' && arg !== null;
  return isObject && !(arg instanceof Error || arg instanceof Uint8Array || Array.isArray(arg));
}

/** Takes a function, because reading a property may throw as well as writing it does (a cycle). */
function formatValue(read: () => unknown): string {
  try {
    const value = read();
    if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
    if (value instanceof Error) return JSON.stringify(formatError(value, 0));
    if (value instanceof Uint8Array) return `<${value.byteLength} bytes>`;
    if (typeof value !== 'object' || value === null) return String(value);
    return JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'bigint' ? String(inner) : inner instanceof Error ? formatError(inner, 0) : inner,
    );
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
  return text.replace(/\s*[\r\n]+\s*/g, ' ');
}
