/** The bytes of a published message. */
import { type JsonRefusal, jsonText } from '../envelope/json-text.js';
import { PublishError } from '../errors.js';

/** The bytes of a message, and whether core made them itself. */
export interface MessageBody {
  readonly value: Uint8Array;
  /** Made here: no other code holds these bytes. */
  readonly owned: boolean;
}

/** @throws PublishError for envelopes, and for values other than bytes, text and objects that JSON can carry */
export function bodyOf(topic: string, message: unknown): MessageBody {
  if (message instanceof Uint8Array) return { value: message, owned: false };
  if (typeof message === 'string') {
    if (isWellFormed(message)) return { value: Buffer.from(message), owned: true };
    throw unpublishable(topic, 'the text holds half a surrogate pair, which UTF-8 cannot carry');
  }
  if (typeof message !== 'object' || message === null) {
    throw unpublishable(
      topic,
      `expected bytes, text or an object, got ${message === null ? 'null' : typeof message}`,
    );
  }
  if (isEnvelope(message)) throw unpublishable(topic, 'it is an envelope; use publishEnvelope');
  return { value: Buffer.from(toJson(topic, message)), owned: true };
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
