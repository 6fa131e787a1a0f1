/** The bytes of a published message. */
import { PublishError } from '../errors.js';

export interface MessageBody {
  readonly value: Uint8Array;
  /** Made here: nobody else holds these bytes. */
  readonly owned: boolean;
}

/** @throws PublishError for envelopes, and for what is neither bytes, text nor an object that JSON can carry */
export function bodyOf(topic: string, message: unknown): MessageBody {
  if (message instanceof Uint8Array) return { value: message, owned: false };
  if (typeof message === 'string') return { value: Buffer.from(message), owned: true };
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
  let text: string | undefined;
  try {
    text = JSON.stringify(message);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw unpublishable(topic, `JSON cannot carry it: ${reason}`, cause);
  }
  if (text === undefined) throw unpublishable(topic, 'JSON cannot carry it: its toJSON returned nothing');
  return text;
}

function unpublishable(topic: string, reason: string, cause?: unknown): PublishError {
  return new PublishError(`cannot publish this message to '${topic}': ${reason}`, {
    code: 'INVALID_ARGUMENT',
    cause,
  });
}
