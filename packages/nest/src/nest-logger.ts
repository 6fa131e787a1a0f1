/** Lines of the bus in NestJS' log. */
import { EbusError, type Logger as EbusLogger } from '@ebus/core';
import { Logger, type LoggerService } from '@nestjs/common';

/**
 * A logger of ebus that writes to NestJS' one, as `warn('cannot commit topic=orders err="…"')`.
 * @param context the name in brackets of NestJS' lines
 */
export function nestLogger(context = 'EventBus', logger: LoggerService = new Logger(context)): EbusLogger {
  return {
    debug: (...args) => logger.debug?.(lineOf(args)),
    info: (...args) => logger.log(lineOf(args)),
    warn: (...args) => logger.warn(lineOf(args)),
    error: (...args) => {
      const stack = args.map(errorOf).find((error) => error !== undefined)?.stack;
      logger.error(lineOf(args), ...(stack === undefined ? [] : [stack]));
    },
  };
}

/** The texts, then the fields. */
function lineOf(args: readonly unknown[]): string {
  const texts = args.filter((arg) => typeof arg !== 'object' || arg === null).map(String);
  const fields = args
    .filter((arg): arg is object => typeof arg === 'object' && arg !== null)
    .flatMap((arg) => Object.entries<unknown>(arg instanceof Error ? { err: arg } : { ...arg }));
  return [...texts, ...fields.map(([name, value]) => `${name}=${shown(value)}`)].join(' ');
}

function shown(value: unknown): string {
  if (value instanceof Error) {
    const code = EbusError.isInstance(value) ? ` (${value.code})` : '';
    return JSON.stringify(`${value.name}: ${value.message}${code}`);
  }
  if (typeof value === 'string') return /^[\w.:/-]+$/.test(value) ? value : JSON.stringify(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // A cycle, a bigint.
    return String(value);
  }
}

function errorOf(arg: unknown): Error | undefined {
  if (arg instanceof Error) return arg;
  const { err } = (arg ?? {}) as { err?: unknown };
  return err instanceof Error ? err : undefined;
}
