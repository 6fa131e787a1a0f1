/** The options of the console, and their checks. */
import { type Clock, ConfigError, type Logger, systemClock } from '@ebus/core';
import { checkOptions, kinds, optionTable } from '@ebus/core/driver';
import { toPrefix } from '../route.js';
import type { Mask } from './mask.js';

/** Options of `consoleHandler`; all are optional. Unknown keys are refused with a `ConfigError`. */
export interface ConsoleOptions {
  /** The prefix of its path: with `/ops`, `/ops/ui`. Default: none. */
  path?: string;
  /** What the page asks for; at least 16 characters. Without one it answers this machine alone. */
  token?: string;
  /** Redrive, retry, skip and delete. Default false: it only shows. */
  allowActions?: boolean;
  /** What of messages is hidden: names of fields and headers, or a function. Default: headers that carry secrets. */
  mask?: Mask;
  /** Where traces are shown, with `{traceId}` in it. Default: no links. */
  traceLink?: string;
  /** Further names for which to answer, as in `healthHttp.allowedHosts`. */
  allowedHosts?: readonly string[];
  /** Told of actions and of unexpected errors. Default: the console. */
  logger?: Logger;
  /** Default: the machine's. */
  clock?: Clock;
}

/** As they are used. */
export interface ConsoleSettings {
  readonly prefix: string;
  readonly token: string | undefined;
  readonly allowActions: boolean;
  readonly mask: Mask | undefined;
  readonly traceLink: string | undefined;
  readonly allowedHosts: readonly string[];
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Characters of a token, at least. */
export const LEAST_TOKEN = 16;

const names = kinds.kind(
  'a list of texts that are not empty',
  (value) => Array.isArray(value) && value.every((one) => typeof one === 'string' && one.trim() !== ''),
  "['email']",
);
const OPTIONS = optionTable<ConsoleOptions>({
  path: kinds.text,
  token: kinds.filledText,
  allowActions: kinds.flag,
  mask: kinds.or(names, kinds.func),
  traceLink: kinds.filledText,
  allowedHosts: names,
  logger: kinds.logger,
  clock: kinds.clock,
});

/** @throws ConfigError */
export function consoleSettings(options: ConsoleOptions): ConsoleSettings {
  checkOptions('consoleHandler', options, OPTIONS);
  const { path, token, allowActions = false, mask, traceLink, allowedHosts = [], logger = console } = options;
  const { clock = systemClock } = options;
  if (token !== undefined && !isToken(token)) {
    throw new ConfigError(`consoleHandler: token must have at least ${LEAST_TOKEN} characters and no spaces`);
  }
  if (traceLink !== undefined && !isTraceLink(traceLink)) {
    throw new ConfigError('consoleHandler: traceLink must be an http address with {traceId} in it');
  }
  return { prefix: toPrefix(path), token, allowActions, mask, traceLink, allowedHosts, logger, clock };
}

/** Whether it is long enough, and fits in a header: printable ASCII without spaces. */
export function isToken(token: string): boolean {
  return token.length >= LEAST_TOKEN && /^[\x21-\x7e]+$/.test(token);
}

/** Nothing but a web page: `javascript:` would run in the console. */
export function isTraceLink(link: string): boolean {
  return /^https?:\/\/[^\s{}]+/.test(link) && link.includes('{traceId}');
}
