/** From a handler to the function that runs one attempt: decode once, validate, call. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { EnvelopeCodec } from '../envelope/codec.js';
import type { Envelope } from '../envelope/envelope.js';
import { payloadError } from '../envelope/payload-schema.js';
import { EbusError, EnvelopeError, PermanentError } from '../errors.js';
import type { Handle } from '../pipeline/compose.js';
import { isPromise } from '../util/promise.js';
import { shown } from '../util/shown.js';
import type { Attempt } from './attempt.js';
import type { Delivery } from './delivery.js';
import type { EnvelopeHandler, LaneBy, MessageHandler } from './types.js';

/** Errors of messages that no attempt can handle; remembered by identity, so that middleware may pass them on. */
const undecodable = new WeakSet<Error>();

/** Whether trying again cannot help. */
export function isPermanent(error: unknown): boolean {
  return PermanentError.isInstance(error) || (error instanceof Error && undecodable.has(error));
}

function permanently(error: EbusError): EbusError {
  undecodable.add(error);
  return error;
}

/** Calls a handler of plain messages. */
export function handleMessages(handler: MessageHandler): Handle<Attempt> {
  return (attempt) => handler(attempt.message, attempt.context) as Outcome;
}

/** Decodes the envelope once, validates its payload by the schema, and calls the handler. */
export function handleEnvelopes<P>(
  handler: EnvelopeHandler<P>,
  codec: EnvelopeCodec,
  { schema, laneBy }: { schema?: StandardSchemaV1<unknown, P>; laneBy?: LaneBy },
): Handle<Attempt> {
  const byKey = laneBy === 'key';
  const handle = schema === undefined ? handler : withSchema(schema, handler);
  return (attempt) => handle(decode(attempt, codec, byKey) as Envelope<P>, attempt.context) as Outcome;
}

/** A handler's result: a value that is no promise is ignored. */
type Outcome = void | Promise<void>;

/** Validates the payload first, and passes on the schema's output. A refusal is a permanent failure. */
export function withSchema<P>(
  schema: StandardSchemaV1<unknown, P>,
  handler: EnvelopeHandler<P>,
): EnvelopeHandler<P> {
  return (envelope, context) => {
    const result = schema['~standard'].validate(envelope.payload);
    if (!isPromise(result)) return handler({ ...envelope, payload: valid(result) }, context);
    return result.then((later) => handler({ ...envelope, payload: valid(later) }, context));
  };
}

function decode(attempt: Attempt, codec: EnvelopeCodec, byKey: boolean): Envelope {
  const envelope = decoded(attempt.delivery, codec);
  attempt.envelope = envelope;
  if (byKey && envelope.aggregateId.trim() !== attempt.delivery.key) throw permanently(inWrongLane(attempt));
  return envelope;
}

/** Its lane is not the one of its aggregate, whose other events may be handled at this moment. */
function inWrongLane({ topic, delivery, envelope }: Attempt): EbusError {
  const [key, aggregate] = [shown(delivery.key), shown(envelope?.aggregateId)];
  return new EnvelopeError(
    `a message of '${topic}' has the key '${key}', and its envelope the aggregate '${aggregate}': it was not handled, since ` +
      "that could break the aggregate's order; publish it with its aggregate id as key, or subscribe with laneBy: 'aggregate'",
    'aggregate_id',
  );
}

function decoded(delivery: Delivery, codec: EnvelopeCodec): Envelope {
  const { decoded } = delivery;
  if (decoded !== undefined) {
    delivery.decoded = undefined;
    return decoded;
  }
  try {
    return codec.decode(delivery.subject.value);
  } catch (error) {
    const toEnvelopeError = (reason: string) =>
      new EnvelopeError(`failed to unmarshal envelope: ${reason}`, undefined, { cause: error });
    throw permanently(EbusError.from(error, toEnvelopeError));
  }
}

function valid<P>(result: StandardSchemaV1.Result<P>): P {
  const error = payloadError(result);
  if (error !== undefined) throw permanently(error);
  return (result as StandardSchemaV1.SuccessResult<P>).value;
}
