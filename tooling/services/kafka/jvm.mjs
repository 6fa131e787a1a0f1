// How Java runs Kafka's programs.
import { readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Three of them fit beside the tests. The quick compiler starts sooner, and no test lives long enough for the other. */
const flags = [
  '-Xms64m',
  '-Xmx320m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
];

/**
 * The arguments before the name of the class. An archive of classes is valid only with the same flags and jars, in the
 * same order.
 *
 * @param {string} jars folder
 * @param {readonly string[]} more flags
 */
export function javaArguments(jars, more = []) {
  const files = readdirSync(jars).filter((name) => name.endsWith('.jar'));
  return [
    ...flags,
    ...more,
    '-cp',
    files
      .toSorted()
      .map((name) => join(jars, name))
      .join(delimiter),
  ];
}
