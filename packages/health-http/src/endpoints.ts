/** The answers of the endpoints, without any server: from a method and a path to status, headers and body. */
import { validateHeaderValue } from 'node:http';
import type { Clock, Health, HealthReport, Logger, MetricsExposition } from '@ebus/core';
import { within } from '@ebus/core/driver';
import { healthBody, lateBody, notReadyReason } from './health-body.js';
import { type Endpoint, endpointAt } from './route.js';

/** The part of an event bus that the endpoints ask. */
export interface HealthSource {
  readonly health: Pick<Health, 'report'>;
  exposeMetrics(): Promise<MetricsExposition | undefined>;
}

/** A complete answer to one request, for any server. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for HEAD, whose headers are those of GET. */
  readonly body: string;
}

interface EndpointsOptions {
  /** As `toPrefix` returns it. */
  readonly prefix: string;
  /** Which to serve; the others are not there. Default: all. */
  readonly serve?: 'all' | 'probes' | 'metrics';
  /** Milliseconds for one look at the bus. */
  readonly timeout: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const JSON_TYPE = 'application/json; charset=utf-8';
/** Stands for the answer of what did not come in time. */
const LATE = Symbol('late');
const TOO_LATE = 'the health checks did not answer in time';
const NO_METRICS =
  'there are no metrics to show: give the event bus a collector that exposes them, such as the plug-in ' +
  "@ebus/prometheus with metrics: { enabled: true, type: 'prometheus' } in its configuration";

/** Answers requests from the state of one bus. Keeps no state of its own, so calls may be concurrent. */
export class Endpoints {
  readonly #bus: HealthSource;
  readonly #options: EndpointsOptions;

  constructor(bus: HealthSource, options: EndpointsOptions) {
    this.#bus = bus;
    this.#options = options;
  }

  has(url: string): boolean {
    return this.#at(url) !== undefined;
  }

  /** Never rejects: what fails is logged and answered by 500. */
  async answer(method: string, url: string): Promise<Answer> {
    const endpoint = this.#at(url);
    if (endpoint === undefined) return json(404, { error: 'there is nothing at this path' }, method);
    if (method !== 'GET' && method !== 'HEAD') {
      return json(405, { error: 'only GET and HEAD are allowed' }, method, { Allow: 'GET, HEAD' });
    }
    try {
      return await this.#ask(endpoint, method);
    } catch (err) {
      this.#options.logger.error({ err, endpoint }, 'a health endpoint failed');
      return json(500, { error: 'internal error' }, method);
    }
  }

  #at(url: string): Endpoint | undefined {
    const { prefix, serve = 'all' } = this.#options;
    const endpoint = endpointAt(url, prefix);
    return serve === 'all' || (endpoint === 'metrics') === (serve === 'metrics') ? endpoint : undefined;
  }

  #ask(endpoint: Endpoint, method: string): Answer | Promise<Answer> {
    switch (endpoint) {
      case 'live':
        return json(200, { status: 'alive', timestamp: this.#now() }, method);
      case 'ready':
        return this.#ready(method);
      case 'health':
        return this.#health(method);
      case 'metrics':
        return this.#metrics(method);
    }
  }

  async #health(method: string): Promise<Answer> {
    const { clock } = this.#options;
    const began = clock.monotonic();
    const report = await this.#report();
    if (report === LATE) {
      return json(503, lateBody(TOO_LATE, clock.monotonic() - began, new Date(clock.now())), method);
    }
    return json(report.status === 'unhealthy' ? 503 : 200, healthBody(report), method);
  }

  async #ready(method: string): Promise<Answer> {
    const report = await this.#report();
    if (report !== LATE && report.ready) {
      return json(200, { status: 'ready', timestamp: report.timestamp.toISOString() }, method);
    }
    const error = report === LATE ? TOO_LATE : notReadyReason(report);
    return json(503, { status: 'not ready', error, timestamp: this.#now() }, method);
  }

  async #metrics(method: string): Promise<Answer> {
    const exposition = await this.#within(async () => this.#bus.exposeMetrics());
    if (exposition === LATE) return json(503, { error: 'the metrics did not come in time' }, method);
    if (exposition === undefined) return json(404, { error: NO_METRICS }, method);
    const { contentType, body } = exposition;
    // The collector's own word: what no header can carry must fail here, not in the server.
    validateHeaderValue('Content-Type', contentType);
    return answer(200, contentType, body, method);
  }

  #report(): Promise<HealthReport | typeof LATE> {
    return this.#within(async (signal) => this.#bus.health.report({ signal }));
  }

  /** `LATE` for what hangs: its signal aborts then, and what it does later is ignored. */
  #within<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | typeof LATE> {
    const { clock, timeout: ms } = this.#options;
    const abort = new AbortController();
    return within(work(abort.signal), { clock, ms }, (): typeof LATE => {
      abort.abort();
      return LATE;
    });
  }

  #now(): string {
    return new Date(this.#options.clock.now()).toISOString();
  }
}

function json(
  status: number,
  body: object,
  method: string,
  headers?: Readonly<Record<string, string>>,
): Answer {
  // Indented: people read it as well, in a browser or with curl.
  return answer(status, JSON_TYPE, `${JSON.stringify(body, null, 2)}\n`, method, headers);
}

function answer(
  status: number,
  contentType: string,
  body: string,
  method: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: {
      'Content-Type': contentType,
      'Content-Length': String(Buffer.byteLength(body)),
      'Cache-Control': 'no-cache, no-store, must-revalidate',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
    },
    body: method === 'HEAD' ? '' : body,
  };
}
