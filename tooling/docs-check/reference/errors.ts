/** The error reference: every code with its meaning, causes and remedies. The compiler asks for each code. */
import { ERROR_CODES, type ErrorCode } from '@ebus/core';
import { page, table } from './page.js';

interface ErrorHelp {
  /** The class that has this code; `EbusError` where none is of its own. */
  readonly type: string;
  /** Whether the same call may succeed later. */
  readonly retryable: 'yes' | 'no' | 'depends';
  readonly means: string;
  /** Pairs of a cause and its remedy. */
  readonly causes: readonly (readonly [cause: string, remedy: string])[];
}

const HELP: Readonly<Record<ErrorCode, ErrorHelp>> = {
  ABORTED: {
    type: 'EbusError',
    retryable: 'depends',
    means:
      "The call's `signal` was aborted, or a delivery was taken from its handler. Its name is `AbortError`.",
    causes: [
      ['The caller aborted the signal', 'None needed. `cause` is the reason of the signal.'],
      [
        'A handler runs, and its partition or lease went to another member',
        'None needed. The message is handled there. Pass `context.signal` on, so that the work here ends.',
      ],
    ],
  },
  ALREADY_SUBSCRIBED: {
    type: 'AlreadySubscribedError',
    retryable: 'no',
    means: 'This bus has a subscription to that topic and group already.',
    causes: [
      ['Two handlers for event types of one topic', 'Use one subscription with `routeByEventType`.'],
      ['Two independent consumers', 'Give each a `group` of its own.'],
    ],
  },
  BUS_CLOSED: {
    type: 'BusClosedError',
    retryable: 'no',
    means: 'The bus is closed, or closes and takes no such call any more.',
    causes: [
      ['A call after `bus.close()`', 'Close the bus last: stop servers and timers that publish before it.'],
      [
        'A publish was not acknowledged before the bus closed',
        'Raise the `timeout` of `close`. Publish again on a new bus.',
      ],
    ],
  },
  CONFIG_INVALID: {
    type: 'ConfigError',
    retryable: 'no',
    means: 'The configuration or the options of a call are wrong. `problems` lists each one with its path.',
    causes: [
      ['A misspelled key, a value of the wrong kind', 'Correct it. The text suggests the nearest key.'],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: shown to the reader
      ['A variable in a file that is not set', 'Set it, or write a default: `${NAME:-default}`.'],
      ['A setting that the broker refuses', 'The text has the answer of the broker.'],
    ],
  },
  CONNECTION_FAILED: {
    type: 'ConnectionError',
    retryable: 'yes',
    means: 'The broker cannot be reached, or the connection broke during the call.',
    causes: [
      [
        'Wrong address, or the broker is down at the start',
        "Check `nats.urls` or `kafka.brokers`. `connect: 'lazy'` starts anyway.",
      ],
      [
        'Kafka answers, but its advertised listeners cannot be reached',
        'Correct `advertised.listeners` on the broker.',
      ],
      ['The broker restarts', 'Try again. Subscriptions come back by themselves.'],
    ],
  },
  ENVELOPE_INVALID: {
    type: 'EnvelopeError',
    retryable: 'no',
    means: 'An envelope may not be published, or received bytes are no envelope. `path` names the field.',
    causes: [
      ['A field is missing or empty when publishing', 'Fill the field that `path` names.'],
      [
        'A payload that JSON cannot carry (bigint, `NaN`, bytes, a cycle)',
        'Convert it. The text has the path within the payload.',
      ],
      [
        'A received message in a foreign format',
        'Use `subscribe` instead of `subscribeEnvelope`, or a codec.',
      ],
    ],
  },
  HANDLER_FAILED: {
    type: 'none',
    retryable: 'no',
    means:
      'Only in the header `X-Error-Code` of a dead letter: its handler threw an error that is not an `EbusError`.',
    causes: [
      ['An error in the handler', 'Read `errorMessage` of the letter, correct the handler, and redrive.'],
    ],
  },
  IDLE_TIMEOUT: {
    type: 'EbusError',
    retryable: 'yes',
    means: '`bus.idle()` ran into its timeout. The text names the busy, halted and paused subscriptions.',
    causes: [
      ['A handler is slow or hangs', 'Raise the timeout, or look at the handler.'],
      ['A key is halted, a subscription is paused', 'Call `retryHalted`, `skipHalted` or `resume`.'],
    ],
  },
  INTERNAL: {
    type: 'EbusError',
    retryable: 'no',
    means: 'Code that was given to ebus breaks its contract, or ebus has a fault.',
    causes: [
      ['A middleware calls `next()` twice, or an own codec returns something else than asked', 'Correct it.'],
      ['Anything else', 'Report it, with the text and the stack.'],
    ],
  },
  INVALID_ARGUMENT: {
    type: 'EbusError',
    retryable: 'no',
    means: 'The data of a call cannot be sent.',
    causes: [
      ['A body that JSON cannot carry', 'Convert it, or send text or bytes.'],
      ['An envelope given to `publish`, or a single one to `publishEnvelopes`', 'Use `publishEnvelope`.'],
      ['A header that the broker cannot carry', 'The text names the header.'],
      ['An outbox write outside of a transaction', 'Give the client on which `BEGIN` was called.'],
    ],
  },
  LIMIT: {
    type: 'EbusError',
    retryable: 'depends',
    means: 'A limit of ebus or of the broker is reached.',
    causes: [
      ['A JetStream stream or account is full', 'Raise its limits, or shorten the retention.'],
      ['The login has too many subscriptions on NATS', 'Raise `max_subscriptions` of the server or account.'],
      ['More parked keys than `maxParkedKeys`', 'Redrive them, or raise the limit.'],
    ],
  },
  MESSAGE_TOO_LARGE: {
    type: 'PublishError',
    retryable: 'no',
    means: 'The message is larger than the broker or the client takes.',
    causes: [
      ['Large data in an event', 'Store the data elsewhere, and send a reference.'],
      [
        'The limit is too low',
        'Kafka: `max.message.bytes` of the topic. NATS: `max_payload` of the server, `max_msg_size` of the stream.',
      ],
    ],
  },
  PARKED: {
    type: 'EbusError',
    retryable: 'no',
    means: 'Only on dead letters: an earlier event of this key failed, and the key is parked.',
    causes: [
      [
        'The first letter of the key failed',
        'Correct its cause, and redrive the key: `redrive(topic, { key, group })`.',
      ],
    ],
  },
  PERMANENT: {
    type: 'PermanentError',
    retryable: 'no',
    means: 'A handler threw a `PermanentError`: another attempt is pointless.',
    causes: [
      ['The application decided so', 'See the text of the letter.'],
      [
        'The payload does not fit the `schema` of the subscription',
        'Correct the producer or the schema, and redrive.',
      ],
    ],
  },
  PLUGIN: {
    type: 'PluginError',
    retryable: 'no',
    means: 'A plug-in is missing, is registered twice, or does not fit.',
    causes: [
      ['`type` names a transport that is not registered', 'Install the adapter and pass it in `plugins`.'],
      ["Kafka's native client cannot be loaded", 'See [`@ebus/kafka`](../../packages/kafka).'],
      ['Versions of core and adapter do not fit', 'Install matching versions.'],
    ],
  },
  POOL_FULL: {
    type: 'KeyedPoolFullError',
    retryable: 'yes',
    means:
      'A `KeyedPool` of your own had no room for a task within `waitTimeout`. Subscriptions never throw it.',
    causes: [
      ['More tasks than the pool works off', 'Slow the producer, or raise `queueSize` or `concurrency`.'],
    ],
  },
  PROCESSING_TIMEOUT: {
    type: 'ProcessingTimeoutError',
    retryable: 'yes',
    means: 'A handler did not return within its processing timeout. Its signal was aborted.',
    causes: [
      ['A call to another service hangs', 'Pass `context.signal` on, and give the call a timeout.'],
      ['The work takes longer', 'Raise `processingTimeout`, or call `context.extendDeadline`.'],
    ],
  },
  PUBLISH_FAILED: {
    type: 'PublishError',
    retryable: 'depends',
    means: 'The broker did not accept a message.',
    causes: [
      ['Kafka has too few replicas in sync', 'Try again. Watch the cluster.'],
      [
        'Kafka refuses a message without a key on a compacted topic',
        'Publish with a `key`, or use `publishEnvelope`.',
      ],
      ['A JetStream stream is sealed', 'Use another stream.'],
    ],
  },
  PUBLISH_TIMEOUT: {
    type: 'PublishTimeoutError',
    retryable: 'yes',
    means:
      'A publish was not acknowledged in time. The message may still arrive, unless the text says `not sent`.',
    causes: [
      [
        'The broker is slow or away',
        'Publish again with the same `eventId`, or use the [outbox](../guides/outbox.md).',
      ],
      [
        'More publishes than the broker takes',
        'Await them, or use `publishEnvelopes`. Watch `publisherBacklog`.',
      ],
    ],
  },
  RESULTS_BACKPRESSURE: {
    type: 'PublishError',
    retryable: 'yes',
    means: 'A reader of `publishResults()` does not read, so the publish waited and was not sent.',
    causes: [
      [
        'The loop over the results awaits a publish, or is slow',
        'Do not publish within the loop. End readers that are not needed.',
      ],
    ],
  },
  SUBSCRIBE_FAILED: {
    type: 'EbusError',
    retryable: 'depends',
    means: 'A subscription could not be made, or cannot read on.',
    causes: [
      [
        'Members of the Kafka group use another assignment protocol',
        'Stop them first, or use another group.',
      ],
      ['`kafka.consumer.sessionTimeout` is outside the limits of the broker', 'Choose one within them.'],
      [
        'A durable consumer on JetStream was made with other settings',
        'Use another group, or delete that consumer.',
      ],
      ['The log was cut or made anew', 'Retryable. Reading goes on, and the log has a line about it.'],
    ],
  },
  TOPIC_APPLY_FAILED: {
    type: 'TopicApplyError',
    retryable: 'depends',
    means: 'Some topics could not be configured. `failures` has each, `outcomes` those that were.',
    causes: [
      ['See each of `failures`', 'Correct it, and apply again: topics that are as wanted stay as they are.'],
    ],
  },
  TOPIC_MISMATCH: {
    type: 'TopicMismatchError',
    retryable: 'no',
    means: "A topic on the broker is not as configured, and `onMismatch: 'fail'` asks to fail then.",
    causes: [
      [
        'The topic or the configuration was changed',
        'Follow `recommendation` of each entry of `mismatches`.',
      ],
    ],
  },
  TOPIC_NAME_INVALID: {
    type: 'TopicNameError',
    retryable: 'no',
    means: 'The topic name is not allowed by ebus or by the broker.',
    causes: [
      ['Spaces, other characters than ASCII, more than 255 bytes', 'Rename the topic.'],
      ['A wildcard', 'Subscribe to each topic by its name.'],
    ],
  },
  TOPIC_NOT_FOUND: {
    type: 'EbusError',
    retryable: 'depends',
    means: 'The topic is not on the broker, and must not be made.',
    causes: [
      [
        "`unconfiguredTopics: 'refuse'`, or a strategy that creates nothing",
        'Configure the topic under `topics`, or create it.',
      ],
      ['Kafka: the login may not see it', 'Allow it `DESCRIBE` on the topic.'],
      ['Another program deletes and makes the topic again and again', 'Find it. The call may succeed later.'],
    ],
  },
  UNAUTHORIZED: {
    type: 'EbusError',
    retryable: 'no',
    means: 'The broker refused the login, or the login lacks a permission. The text names what was refused.',
    causes: [
      [
        'Wrong or expired credentials',
        'Correct `nats.security` or `kafka.security`. Files are read at each attempt to connect.',
      ],
      ['A missing permission', 'Allow it: [least privilege](../guides/security.md#least-privilege).'],
    ],
  },
  UNSUPPORTED: {
    type: 'UnsupportedError',
    retryable: 'no',
    means: 'The transport lacks an ability that an option demands.',
    causes: [
      ['An option that this broker does not offer', 'See [differences between brokers](brokers.md).'],
      [
        'A NATS server that is too old, or without JetStream',
        'Upgrade the server, or enable JetStream for the account.',
      ],
    ],
  },
};

/** The whole page. */
export function errorsPage(): string {
  return page(
    'Error codes',
    'Each error of ebus is an `EbusError` with a `code` of this closed list. Codes are stable, texts are not. `retryable` says ' +
      'whether the same call may succeed later. `cause` has the error of the client. Ask with `EbusError.isInstance(error)`, ' +
      'which also knows errors of a second installed copy.',
    'An error of a handler is not thrown to a caller. It is in the log, in the event ' +
      '[`handlerError`](events.md#handlererror), and in the headers of the [dead letter](../guides/consuming.md#dead-letters).',
    table(
      ['code', 'class', 'retryable'],
      ERROR_CODES.map((code) => {
        const { type, retryable } = HELP[code];
        return [`[\`${code}\`](#${code.toLowerCase()})`, type === 'none' ? '–' : `\`${type}\``, retryable];
      }),
    ),
    ...ERROR_CODES.flatMap((code) => [
      `## \`${code}\``,
      HELP[code].means,
      table(['cause', 'remedy'], HELP[code].causes),
    ]),
  );
}
