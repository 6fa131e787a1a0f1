/**
 * Names of OpenTelemetry's messaging conventions, version 1.45. Copied, since `@opentelemetry/semantic-conventions` advises
 * against importing incubating names at run time; a test holds them against that package.
 */
export const SYSTEM = 'messaging.system.name';
export const DESTINATION = 'messaging.destination.name';
export const OPERATION_NAME = 'messaging.operation.name';
export const OPERATION_TYPE = 'messaging.operation.type';
export const MESSAGE_ID = 'messaging.message.id';
export const CONVERSATION_ID = 'messaging.message.conversation_id';
export const BODY_SIZE = 'messaging.message.body.size';
export const BATCH_COUNT = 'messaging.batch.message_count';
export const CLIENT_ID = 'messaging.client.id';
export const CONSUMER_GROUP = 'messaging.consumer.group.name';
export const PARTITION = 'messaging.destination.partition.id';
export const SERVER_ADDRESS = 'server.address';
export const SERVER_PORT = 'server.port';
export const ERROR_TYPE = 'error.type';
export const KAFKA_OFFSET = 'kafka.offset';
export const KAFKA_KEY = 'kafka.message.key';
export const KAFKA_TOMBSTONE = 'kafka.message.tombstone';

/** Their names before 1.45, which tools know. */
export const FORMER_SYSTEM = 'messaging.system';
export const FORMER_KAFKA_OFFSET = 'messaging.kafka.offset';
export const FORMER_KAFKA_KEY = 'messaging.kafka.message.key';
export const FORMER_KAFKA_TOMBSTONE = 'messaging.kafka.message.tombstone';

export const OPERATION_DURATION = 'messaging.client.operation.duration';
export const SENT_MESSAGES = 'messaging.client.sent.messages';
export const CONSUMED_MESSAGES = 'messaging.client.consumed.messages';
export const PROCESS_DURATION = 'messaging.process.duration';
