/** Pushes a registry to a Pushgateway: for processes that end before anybody scrapes them. */
import { hostname } from 'node:os';
import {
  type Clock,
  ConfigError,
  ConnectionError,
  type Duration,
  type Logger,
  parseDuration,
  type TimerHandle,
} from '@ebus/core';
import { kinds, optionTable, systemClock } from '@ebus/core/driver';
import { Pushgateway } from 'prom-client';
import type { AnyRegistry } from './metric-set.js';

const ENDPOINT_KIND = "the URL of a Pushgateway, such as 'http://pushgateway:9091'";

/** Options of pushing. Only `endpoint` is required. */
export interface PushOptions {
  /** URL of the Pushgateway, `http://pushgateway:9091`; a login in it is used (Basic) and never logged. */
  endpoint: string;
  /** From the end of one push to the next. Default 30 s. */
  interval?: Duration;
  /** The label `job`. Default `ebus`; made by a configuration, the bus' `serviceName`. */
  job?: string;
  /** The label `instance`, which keeps processes from replacing each other's metrics. Default `<host name>:<pid>`. */
  instance?: string;
  /** How long one push may take. Closing may wait for two. Default 5 s. */
  timeout?: Duration;
  /** pino- or console-shaped. Default: the console. */
  logger?: Logger;
  /** For tests. */
  clock?: Clock;
}

/** The keys and kinds of `PushOptions`, for `checkOptions`. */
export const PUSH_OPTIONS = optionTable<PushOptions>(
  {
    endpoint: kinds.required(kinds.kind(ENDPOINT_KIND, (value) => typeof value === 'string')),
    interval: kinds.positiveDuration,
    job: kinds.filledText,
    instance: kinds.filledText,
    timeout: kinds.positiveDuration,
    logger: kinds.logger,
    clock: kinds.clock,
  },
  {
    url: "use 'endpoint' instead",
    gateway: "use 'endpoint' instead",
    collectInterval: "use 'interval' instead",
  },
);

/** A gateway behind a proxy may answer with a whole page. */
const LONGEST_REASON = 200;

/** Pushes one after the other, and says when it stops and begins to work. Never throws after its construction. */
export class Pusher {
  readonly #gateway: Pushgateway<AnyRegistry['contentType']>;
  /** As it may be shown. */
  readonly #endpoint: string;
  readonly #interval: number;
  readonly #timeout: number;
  readonly #target: { jobName: string; groupings: { instance: string } };
  readonly #logger: Logger;
  readonly #clock: Clock;
  #timer: ReturnType<Clock['setTimeout']> | undefined;
  #pushing: Promise<void> = Promise.resolve();
  #failures = 0;
  #closed = false;

  /** The options are checked already. @throws ConfigError for an endpoint that is no URL of HTTP */
  constructor(register: AnyRegistry, options: PushOptions) {
    const { url, auth } = checkedEndpoint(options.endpoint);
    this.#endpoint = url;
    this.#interval = parseDuration(options.interval ?? '30s');
    this.#timeout = parseDuration(options.timeout ?? '5s');
    this.#target = {
      jobName: options.job ?? 'ebus',
      groupings: { instance: options.instance ?? `${hostname()}:${process.pid}` },
    };
    this.#logger = options.logger ?? console;
    this.#clock = options.clock ?? systemClock;
    // The login is not part of the URL any more, so that no error of the client can repeat it.
    this.#gateway = new Pushgateway(
      url,
      { timeout: this.#timeout, ...(auth === undefined ? {} : { auth }) },
      register,
    );
  }

  /** Pushes every interval from now on, for the first time after one. Does not keep the process alive. */
  start(): void {
    this.#timer = this.#clock.setTimeout(() => {
      this.#pushing = this.#push().then(() => {
        if (!this.#closed) this.start();
      });
    }, this.#interval);
    this.#timer.unref();
  }

  /** Pushes a last time, after the push that is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    await this.#pushing;
    await this.#push();
  }

  async #push(): Promise<void> {
    try {
      await inTime(this.#gateway.push(this.#target), this.#clock, this.#timeout);
    } catch (error) {
      this.#failures++;
      if (this.#failures === 1) this.#logger.warn(this.#about(error), 'cannot push metrics; trying again');
      return;
    }
    if (this.#failures > 0) {
      this.#logger.info({ endpoint: this.#endpoint, failed: this.#failures }, 'metrics are pushed again');
    }
    this.#failures = 0;
  }

  #about(error: unknown): object {
    const reason = (error instanceof Error ? error.message : String(error)).slice(0, LONGEST_REASON);
    return { endpoint: this.#endpoint, err: new ConnectionError(reason) };
  }
}

/** The client waits for ever if the connection is cut within an answer. */
async function inTime(pushed: Promise<unknown>, clock: Clock, ms: number): Promise<void> {
  let timer: TimerHandle | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = clock.setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    await Promise.race([pushed, late]);
  } finally {
    if (timer !== undefined) clock.clearTimeout(timer);
  }
}

/** The rule of `isValidEndpoint` as the end of an error message. */
export const ENDPOINT_RULE = `must be ${ENDPOINT_KIND}`;

/** True for an absolute URL of `http` or `https`. */
export function isValidEndpoint(endpoint: string): boolean {
  return URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol);
}

/** The URL without a login, and the login as it is sent. */
function checkedEndpoint(endpoint: string): { url: string; auth: string | undefined } {
  // What was given is not shown: it may hold a password.
  if (!isValidEndpoint(endpoint)) throw new ConfigError(`the endpoint to push metrics to ${ENDPOINT_RULE}`);
  const url = new URL(endpoint);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const auth = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url: url.href.replace(/\/$/, ''), auth: auth === ':' ? undefined : auth };
}
