/** The console over HTTP: the page, its data and the actions. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LetterCriteria } from '@ebus/core';
import { linkedSignal, within } from '@ebus/core/driver';
import { type Refusal, refusal, refusedHost } from './access.js';
import { BadRequest, workOf } from './actions.js';
import { readJson } from './body.js';
import { type ConsoleOptions, consoleSettings } from './console-options.js';
import { Feed } from './feed.js';
import { Jobs } from './jobs.js';
import { lettersPage, oneLetter } from './letters.js';
import { stream } from './live.js';
import { PAGE, PAGE_POLICY } from './page-file.js';
import { type ConsoleRoute, consoleRouteAt } from './route.js';
import { type ConsoleSource, reasonFor } from './snapshot.js';

/** A request listener for `<path>/ui` and all below it. */
export interface ConsoleHandler {
  /** Paths that are not its own go to `next`; without one they are answered by 404. */
  (request: IncomingMessage, response: ServerResponse, next?: () => void): void;
  /** Ends live streams and actions under way. Idempotent. */
  close(): void;
}

/** An action is answered when it has ended, or so soon; then its outcome comes with the live data. */
const ANSWER_MS = 3_000;
/** Reading dead letters may take so long. */
const READ_MS = 60_000;

const METHODS: Readonly<Record<ConsoleRoute['name'], readonly string[]>> = {
  page: ['GET', 'HEAD'],
  live: ['GET'],
  letters: ['GET'],
  letter: ['GET'],
  actions: ['POST'],
};

const HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/**
 * The console of a bus. Looks at the bus only while a page is open. Calls may be concurrent.
 * @throws ConfigError for options that it does not understand
 */
export function consoleHandler(bus: ConsoleSource, options: ConsoleOptions = {}): ConsoleHandler {
  const settings = consoleSettings(options);
  const { prefix, token, allowActions, mask, allowedHosts, logger, clock } = settings;
  const feed = new Feed(bus, settings);
  const jobs = new Jobs(clock, logger, () => feed.push());
  feed.show(jobs);
  const streams = new Set<ServerResponse>();

  const answer = async (
    route: ConsoleRoute,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const { headers, socket } = request;
    if (route.name === 'page') {
      const refused = refusedHost({ headers }, token, allowedHosts);
      if (refused !== undefined) return refuse(response, refused);
      return send(response, 200, 'text/html; charset=utf-8', PAGE, {
        'Content-Security-Policy': PAGE_POLICY,
      });
    }
    const { remoteAddress, localAddress } = socket;
    const refused = refusal({ headers, remoteAddress, localAddress }, token, allowedHosts);
    if (refused !== undefined) return refuse(response, refused);
    const gone = new AbortController();
    const { signal: limit, release } = linkedSignal(gone.signal, clock.timeout(READ_MS));
    response.once('close', () => {
      gone.abort();
      release();
    });
    // Servers cut off connections on which nothing happens, and reading letters may take longer.
    response.setTimeout(READ_MS + ANSWER_MS);
    switch (route.name) {
      case 'live':
        if (stream(feed, response, clock, HEADERS)) {
          streams.add(response);
          response.once('close', () => streams.delete(response));
          return;
        }
        return json(response, 503, { error: 'too many pages watch; close one' });
      case 'letters':
        return json(response, 200, await lettersPage(bus, lettersAsked(route.query), mask, limit));
      case 'letter': {
        const { topic, position } = required(route.query, 'topic', 'position');
        const letter = await oneLetter(bus, topic, position, mask, limit);
        if (letter === undefined) return json(response, 404, { error: 'the letter is gone' });
        return json(response, 200, letter);
      }
      case 'actions': {
        if (!allowActions)
          return json(response, 403, { error: 'the console only shows: allowActions is off' });
        const job = jobs.begin(workOf(bus, await readJson(request)));
        if (job === undefined)
          return json(response, 429, { error: 'too many actions at once; try again soon' });
        await within(job.ended, { clock, ms: ANSWER_MS, signal: gone.signal }, () => {});
        feed.push();
        return json(response, 202, jobs.find(job.id) ?? { id: job.id });
      }
    }
  };

  const handle = (request: IncomingMessage, response: ServerResponse, next?: () => void): void => {
    const { method = 'GET', url = '/' } = request;
    const route = consoleRouteAt(url, prefix);
    if (route === undefined) {
      if (next !== undefined) next();
      else json(response, 404, { error: 'there is nothing at this path' });
      return;
    }
    const allowed = METHODS[route.name];
    if (!allowed.includes(method)) {
      json(
        response,
        405,
        { error: `only ${allowed.join(' and ')} is allowed` },
        { Allow: allowed.join(', ') },
      );
      return;
    }
    answer(route, request, response).catch((err: unknown) => failed(err, response));
  };

  const failed = (err: unknown, response: ServerResponse): void => {
    if (response.destroyed || response.headersSent) {
      response.destroy();
      return;
    }
    if (err instanceof BadRequest) return json(response, err.status, { error: err.message });
    logger.warn({ err }, 'the console could not answer');
    json(response, 502, { error: reasonFor(err) });
  };

  return Object.assign(handle, {
    close: () => {
      jobs.close();
      feed.close();
      for (const response of streams) response.end();
    },
  });
}

function lettersAsked(query: URLSearchParams) {
  const { topic } = required(query, 'topic');
  const page = Number(query.get('page') ?? '0');
  if (!Number.isSafeInteger(page) || page < 0) throw new BadRequest('page must be a whole number from 0 up');
  const criteria: LetterCriteria = {};
  for (const name of ['key', 'group', 'errorCode', 'eventType', 'aggregateId'] as const) {
    const value = query.get(name);
    if (value !== null && value !== '') criteria[name] = value;
  }
  return { topic, page, criteria };
}

function required<const N extends string>(query: URLSearchParams, ...names: N[]): Record<N, string> {
  const found = names.map((name) => {
    const value = query.get(name);
    if (value === null || value === '') throw new BadRequest(`${name} is missing`);
    return [name, value] as const;
  });
  return Object.fromEntries(found) as Record<N, string>;
}

function refuse(response: ServerResponse, { status, error }: Refusal): void {
  json(response, status, { error }, status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {});
}

function json(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(body), headers);
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
  headers: Record<string, string> = {},
): void {
  if (response.destroyed) return;
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, { ...HEADERS, ...headers, 'Content-Type': type, 'Content-Length': length });
  // Node leaves the body of HEAD away.
  response.end(body);
}
