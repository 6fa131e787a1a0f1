/** How spans end: the error of an operation, and how it is counted. */
import type * as Api from '@opentelemetry/api';
import type { Disclose } from '../util/disclose.js';
import { disclosedField } from '../util/disclosed-fields.js';
import { isPromise } from '../util/promise.js';
import * as attribute from './semantic-conventions.js';

/** Marks the span as failed. The text of the error is made fit to leave the process. */
export function recordFailure(
  span: Api.Span,
  { SpanStatusCode }: Pick<typeof Api, 'SpanStatusCode'>,
  error: unknown,
  disclose: Disclose,
): void {
  if (error instanceof Error) span.recordException(disclosedField(error, disclose) as Error);
  span.setAttribute(attribute.ERROR_TYPE, errorType(error));
  span.setStatus({ code: SpanStatusCode.ERROR, message: disclose(error) });
}

/** `error.type`: the code of the error where it has one, else its class. */
export function errorType(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  if (typeof code === 'string') return code;
  return error instanceof Error ? error.name : '_OTHER';
}

/** Runs it, and tells how it ended before its caller learns of that. */
export function watched(
  run: () => void | Promise<void>,
  succeeded: () => void,
  failed: (error: unknown) => void,
): void | Promise<void> {
  let outcome: void | Promise<void>;
  try {
    outcome = run();
  } catch (error) {
    failed(error);
    throw error;
  }
  if (!isPromise(outcome)) return succeeded();
  return Promise.resolve(outcome).then(succeeded, (error: unknown) => {
    failed(error);
    throw error;
  });
}

/** Runs the application's part of OpenTelemetry: a processor or exporter that throws must not make another outcome of a message. */
export function harmlessly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
