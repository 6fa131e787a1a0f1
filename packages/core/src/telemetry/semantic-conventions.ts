/**
 * Names of OpenTelemetry's messaging conventions. Copied, since `@opentelemetry/semantic-conventions` advises
 * against importing incubating names at run time; a test holds them against that package.
 */
export const SYSTEM = 'messaging.system';
export const DESTINATION = 'messaging.destination.name';
export const OPERATION_NAME = 'messaging.operation.name';
export const OPERATION_TYPE = 'messaging.operation.type';
export const MESSAGE_ID = 'messaging.message.id';
export const BODY_SIZE = 'messaging.message.body.size';
export const CONSUMER_GROUP = 'messaging.consumer.group.name';
export const PARTITION = 'messaging.destination.partition.id';
export const ERROR_TYPE = 'error.type';
export const OPERATION_DURATION = 'messaging.client.operation.duration';
export const SENT_MESSAGES = 'messaging.client.sent.messages';
export const CONSUMED_MESSAGES = 'messaging.client.consumed.messages';
export const PROCESS_DURATION = 'messaging.process.duration';
