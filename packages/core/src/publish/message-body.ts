/** The bytes of a published message. */
import { type JsonRefusal, jsonText } from '../envelope/json-text.js';
import { PublishError } from '../errors.js';

/**
 * The bytes themselves where the message is bytes; else bytes made here, which no other code holds.
 * @throws PublishError for envelopes, and for values other than bytes, text and objects that JSON can carry
 */
export function bytesOf(topic: string, message: unknown): Uint8Array {
  if (message instanceof Uint8Array) return message;
  if (typeof message === 'string') {
    if (isWellFormed(message)) return Buffer.from(message);
    throw unpublishable(topic, 'the text holds half a surrogate pair, which UTF-8 cannot carry');
  }
  if (typeof message !== 'object' || message === null) {
    throw unpublishable(
      topic,
      `expected bytes, text or an object, got ${message === null ? 'null' : typeof message}`,
    );
  }
  if (isEnvelope(message)) throw unpublishable(topic, 'it is an envelope; use publishEnvelope');
  return Buffer.from(toJson(topic, message));
}

function isEnvelope(message: object): boolean {
  return (
    'aggregateId' in message && 'eventType' in message && 'eventVersion' in message && 'payload' in message
  );
}

function toJson(topic: string, message: object): string {
  try {
    return jsonText(message, 'message');
  } catch (refusal) {
    const { message: reason, cause } = refusal as JsonRefusal;
    throw unpublishable(topic, reason, cause);
  }
}

function unpublishable(topic: string, reason: string, cause?: unknown): PublishError {
  return new PublishError(`cannot publish this message to '${topic}': ${reason}`, {
    code: 'INVALID_ARGUMENT',
    cause,
  });
}

/** No surrogate without its other half. Node 20 has it, and TypeScript's library for Node 20 does not. */
function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed();
}
