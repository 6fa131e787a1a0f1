/** The error of something that has to fail. */
import assert from 'node:assert/strict';
import { EbusError, type ErrorCode } from '@ebus/core';

/** @throws where it succeeds, or fails with what is no `EbusError` */
export async function failureOf(action: Promise<unknown>): Promise<EbusError> {
  const error = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error !== undefined, 'it succeeded');
  assert.ok(EbusError.isInstance(error), `no EbusError: ${String(error)}`);
  return error;
}

/** @throws AssertionError for another code, or another word on retrying */
export function assertFailure(error: EbusError, codes: readonly ErrorCode[], retryable: boolean): void {
  assert.ok(codes.includes(error.code), `${error.code} instead of ${codes.join(' or ')}: ${error.message}`);
  assert.equal(error.retryable, retryable, `retryable: ${error.message}`);
}
