import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { expect, it } from 'vitest';
import * as names from './semantic-conventions.js';

const CURRENT = {
  SYSTEM: 'ATTR_MESSAGING_SYSTEM_NAME',
  DESTINATION: 'ATTR_MESSAGING_DESTINATION_NAME',
  OPERATION_NAME: 'ATTR_MESSAGING_OPERATION_NAME',
  OPERATION_TYPE: 'ATTR_MESSAGING_OPERATION_TYPE',
  MESSAGE_ID: 'ATTR_MESSAGING_MESSAGE_ID',
  CONVERSATION_ID: 'ATTR_MESSAGING_MESSAGE_CONVERSATION_ID',
  BODY_SIZE: 'ATTR_MESSAGING_MESSAGE_BODY_SIZE',
  BATCH_COUNT: 'ATTR_MESSAGING_BATCH_MESSAGE_COUNT',
  CLIENT_ID: 'ATTR_MESSAGING_CLIENT_ID',
  CONSUMER_GROUP: 'ATTR_MESSAGING_CONSUMER_GROUP_NAME',
  PARTITION: 'ATTR_MESSAGING_DESTINATION_PARTITION_ID',
  SERVER_ADDRESS: 'ATTR_SERVER_ADDRESS',
  SERVER_PORT: 'ATTR_SERVER_PORT',
  ERROR_TYPE: 'ATTR_ERROR_TYPE',
  KAFKA_OFFSET: 'ATTR_KAFKA_OFFSET',
  KAFKA_KEY: 'ATTR_KAFKA_MESSAGE_KEY',
  KAFKA_TOMBSTONE: 'ATTR_KAFKA_MESSAGE_TOMBSTONE',
  OPERATION_DURATION: 'METRIC_MESSAGING_CLIENT_OPERATION_DURATION',
  SENT_MESSAGES: 'METRIC_MESSAGING_CLIENT_SENT_MESSAGES',
  CONSUMED_MESSAGES: 'METRIC_MESSAGING_CLIENT_CONSUMED_MESSAGES',
  PROCESS_DURATION: 'METRIC_MESSAGING_PROCESS_DURATION',
} as const;

const FORMER = {
  FORMER_SYSTEM: 'ATTR_MESSAGING_SYSTEM',
  FORMER_KAFKA_OFFSET: 'ATTR_MESSAGING_KAFKA_OFFSET',
  FORMER_KAFKA_KEY: 'ATTR_MESSAGING_KAFKA_MESSAGE_KEY',
  FORMER_KAFKA_TOMBSTONE: 'ATTR_MESSAGING_KAFKA_MESSAGE_TOMBSTONE',
} as const;

/** The package's declarations: they say in comments which names are deprecated. */
const declarations = (() => {
  const entry = createRequire(import.meta.url).resolve('@opentelemetry/semantic-conventions/incubating');
  const files = ['experimental_attributes', 'experimental_metrics', 'stable_attributes', 'stable_metrics'];
  return files.map((file) => readFileSync(join(dirname(entry), `${file}.d.mts`), 'utf8')).join('\n');
})();

function isDeprecated(constant: string): boolean {
  const at = declarations.search(new RegExp(`declare const ${constant}\\b`));
  expect(at, constant).toBeGreaterThan(0);
  return declarations.slice(declarations.lastIndexOf('/**', at), at).includes('@deprecated');
}

it('names attributes and metrics as the package does', () => {
  const published = new Map(Object.entries(conventions));
  const theirs = Object.entries({ ...CURRENT, ...FORMER }).map(([ours, name]) => [ours, published.get(name)]);
  expect({ ...names }).toEqual(Object.fromEntries(theirs));
});

it('uses no name that the conventions have given up, except beside the one that took its place', () => {
  expect(Object.values(CURRENT).filter(isDeprecated)).toEqual([]);
  expect(Object.values(FORMER).filter((constant) => !isDeprecated(constant))).toEqual([]);
});
