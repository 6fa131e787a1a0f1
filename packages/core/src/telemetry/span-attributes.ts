/** The attributes of spans, as the messaging conventions name them. */
import type * as Api from '@opentelemetry/api';
import type { IncomingMessage, Position, SendReceipt } from '../driver/message.js';
import type { ServerAddress } from '../driver/server-address.js';
import * as own from './ebus-attributes.js';
import * as name from './semantic-conventions.js';
import type { LetterInfo, ProcessInfo, SendInfo, Spanned } from './telemetry.js';

/** The client that spans describe. */
export interface ClientInfo {
  /** The transport, as `messaging.system.name`. */
  readonly system: string;
  /** The name of this client at the broker. */
  readonly clientId: string | undefined;
  /** The server at the other end, as far as it is known at this moment. */
  readonly server: () => ServerAddress | undefined;
  /** Whether renamed attributes have their former names, too. */
  readonly formerNames: boolean;
}

/** By the conventions, `send` and `create` are operations on messages to send, `process` and `settle` on received ones. */
export type OperationType = 'create' | 'send' | 'process' | 'settle';

/** Builds the attributes of one bus. */
export class SpanAttributes {
  readonly #client: ClientInfo;
  /** Kafka's conventions have names that the general ones lack. */
  readonly #isKafka: boolean;

  constructor(client: ClientInfo) {
    this.#client = client;
    this.#isKafka = client.system === 'kafka';
  }

  /** For spans and metrics: operation, destination and server. `operation`: the name of the operation. */
  common(operation: string, type: OperationType, topic: string): Api.Attributes {
    const { system, server, formerNames } = this.#client;
    const attributes: Api.Attributes = {
      [name.SYSTEM]: system,
      [name.OPERATION_NAME]: operation,
      [name.OPERATION_TYPE]: type,
      [name.DESTINATION]: topic,
    };
    if (formerNames) attributes[name.FORMER_SYSTEM] = system;
    const at = server();
    if (at !== undefined) {
      attributes[name.SERVER_ADDRESS] = at.address;
      if (at.port !== undefined) attributes[name.SERVER_PORT] = at.port;
    }
    return attributes;
  }

  /** Of a message to send. */
  send(operation: string, type: 'create' | 'send', info: SendInfo): Api.Attributes {
    return this.#message(operation, type, info.topic, info);
  }

  letter(info: LetterInfo): Api.Attributes {
    const attributes = this.#message(info.operation, 'send', info.topic, info);
    attributes[name.BODY_SIZE] = info.bodySize;
    if (info.tombstone) this.#setTombstone(attributes);
    return attributes;
  }

  process({ topic, key, value, tombstone, position }: IncomingMessage, info: ProcessInfo): Api.Attributes {
    const attributes = this.#message('process', 'process', topic, { ...info, key });
    attributes[name.CONSUMER_GROUP] = info.group;
    attributes[name.BODY_SIZE] = value.byteLength;
    attributes[own.ATTEMPT] = info.attempt;
    if (tombstone === true) this.#setTombstone(attributes);
    this.#setPosition(attributes, position);
    return attributes;
  }

  /** Known once the message is decoded, where no header has told before. */
  ids({ eventId, correlationId }: Spanned['ids']): Api.Attributes {
    const attributes: Api.Attributes = {};
    if (eventId !== undefined) attributes[name.MESSAGE_ID] = eventId;
    if (correlationId !== undefined) attributes[name.CONVERSATION_ID] = correlationId;
    return attributes;
  }

  settle(topic: string, group: string, count: number): Api.Attributes {
    const attributes = this.#ofClient('settle', 'settle', topic);
    attributes[name.CONSUMER_GROUP] = group;
    if (count !== 1) attributes[name.BATCH_COUNT] = count;
    return attributes;
  }

  batch(topic: string): Api.Attributes {
    return this.#ofClient('send', 'send', topic);
  }

  /** Known once the broker has answered. */
  receipt({ position, duplicate }: SendReceipt, attempts: number): Api.Attributes {
    const attributes: Api.Attributes = {};
    this.#setPosition(attributes, position);
    if (duplicate === true) attributes[own.DUPLICATE] = true;
    if (attempts > 1) attributes[own.ATTEMPTS] = attempts;
    return attributes;
  }

  #ofClient(operation: string, type: OperationType, topic: string): Api.Attributes {
    const attributes = this.common(operation, type, topic);
    if (this.#client.clientId !== undefined) attributes[name.CLIENT_ID] = this.#client.clientId;
    return attributes;
  }

  #message(
    operation: string,
    type: OperationType,
    topic: string,
    { key, messageId, conversationId }: Omit<SendInfo, 'topic'>,
  ): Api.Attributes {
    const attributes = this.#ofClient(operation, type, topic);
    Object.assign(attributes, this.ids({ eventId: messageId, correlationId: conversationId }));
    // Bytes that are no text have no form that others would recognise.
    if (typeof key === 'string') this.#set(attributes, key, name.KAFKA_KEY, name.FORMER_KAFKA_KEY, own.KEY);
    return attributes;
  }

  #setTombstone(attributes: Api.Attributes): void {
    this.#set(attributes, true, name.KAFKA_TOMBSTONE, name.FORMER_KAFKA_TOMBSTONE, own.TOMBSTONE);
  }

  #setPosition(attributes: Api.Attributes, position: Position | undefined): void {
    if (position === undefined) return;
    const { partition, offset } = position;
    if (partition !== undefined) attributes[name.PARTITION] = String(partition);
    // Kafka's offsets are numbers by the conventions; one that a number cannot hold is better as text than wrong.
    const isSafe = typeof offset === 'bigint' && Number.isSafeInteger(Number(offset));
    const value = typeof offset === 'bigint' ? (isSafe ? Number(offset) : String(offset)) : offset;
    this.#set(attributes, value, name.KAFKA_OFFSET, name.FORMER_KAFKA_OFFSET, own.OFFSET);
  }

  #set(attributes: Api.Attributes, value: Api.AttributeValue, kafka: string, former: string, other: string) {
    if (!this.#isKafka) attributes[other] = value;
    else {
      attributes[kafka] = value;
      if (this.#client.formerNames) attributes[former] = value;
    }
  }
}
