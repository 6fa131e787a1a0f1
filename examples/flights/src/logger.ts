/** The console, without the failures that the demo makes on purpose. */
import type { Logger } from '@ebus/core';

const onPurpose = (fields: unknown) =>
  String((fields as { eventType?: unknown } | undefined)?.eventType).startsWith('Demo');

export const logger: Logger = {
  debug: () => {},
  info: () => {},
  warn: (fields, ...rest) => onPurpose(fields) || console.warn(fields, ...rest),
  error: (fields, ...rest) => onPurpose(fields) || console.error(fields, ...rest),
};
