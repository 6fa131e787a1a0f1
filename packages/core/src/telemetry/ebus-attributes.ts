/** Attributes of ebus' own, for which the conventions have no name. */

/** Which attempt to handle the message it is, from 1. On `process` spans. */
export const ATTEMPT = 'ebus.attempt';
/** How often the message was sent until the outcome was known, where more than once. On `send` and `create` spans. */
export const ATTEMPTS = 'ebus.attempts';
/** True where the broker had the message already. On `send` and `create` spans. */
export const DUPLICATE = 'ebus.duplicate';
/** Position in the topic, message key and tombstone, for brokers whose conventions name none. */
export const OFFSET = 'ebus.offset';
export const KEY = 'ebus.message.key';
export const TOMBSTONE = 'ebus.message.tombstone';
