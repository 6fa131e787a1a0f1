/** The only mapping from our options to the client's. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError, type Logger } from '@ebus/core/driver';
import type { JetStreamManagerOptions } from '@nats-io/jetstream';
import {
  type Authenticator,
  credsAuthenticator,
  type NodeConnectionOptions,
  nkeyAuthenticator,
  type TlsOptions,
} from '@nats-io/transport-node';
import type { ResolvedNatsConfig } from './config-schema.js';

/** Unanswered pings after which the client gives a server up, at the next one: within two intervals. */
const MAX_PINGS_OUT = 1;

/** @throws ConfigError for a file that cannot be read at the start */
export function connectionOptions(
  config: ResolvedNatsConfig,
  serviceName: string,
  logger: Logger,
): NodeConnectionOptions {
  const options: NodeConnectionOptions = {
    servers: config.urls.map((url) => url.replace(/^(nats|tls):\/\//, '')),
    name: config.clientId ?? serviceName,
    maxReconnectAttempts: config.maxReconnects,
    // A login that was good once may be good again: an account is being changed, a file is being renewed.
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: config.reconnectWait,
    // The wait spreads clients that all come back at once.
    reconnectJitter: Math.min(100, config.reconnectWait),
    timeout: config.connectionTimeout,
    pingInterval: config.pingInterval,
    maxPingOut: MAX_PINGS_OUT,
    inboxPrefix: config.inboxPrefix,
    noAsyncTraces: true,
    ...login(config, logger),
  };
  const tls = tlsOptions(config);
  if (tls !== undefined) options.tls = tls;
  return options;
}

/** Options of the client's JetStream manager. It does not check the API at connect: the account may have none. */
export function jetstreamOptions({ jetstream }: ResolvedNatsConfig): JetStreamManagerOptions {
  const { domain, apiPrefix } = jetstream;
  return {
    checkAPI: false,
    timeout: jetstream.publishTimeout,
    ...(domain === undefined ? {} : { domain }),
    ...(apiPrefix === undefined ? {} : { apiPrefix }),
  };
}

/** Weak points of the connection: logged at every start. */
export function weaknesses({ security, urls }: ResolvedNatsConfig): string[] {
  const { enabled, skipVerify, token, password } = security;
  const said: string[] = [];
  const { enabled: _, skipVerify: __, handshakeFirst: ___, ...rest } = security;
  if (enabled === false && Object.values(rest).some((value) => value !== undefined)) {
    said.push('nats.security.enabled is false: its login and TLS settings are not used');
  }
  if (enabled !== true) return said;
  if (skipVerify) said.push("nats.security.skipVerify: the server's certificate is not verified");
  const isPlain = !hasTls(security, urls);
  if (isPlain && (token ?? password) !== undefined && !urls.every(isLoopback)) {
    said.push('the login is sent without TLS unless the server demands it: use tls:// in nats.urls');
  }
  return said;
}

function isLoopback(url: string): boolean {
  return /^(?:\w+:\/\/)?(?:localhost|127\.[\d.]+|\[::1\])(?::\d+)?\/?$/i.test(url);
}

/** Files are read at every attempt to connect. One that is being replaced just then: as it was before. */
function login(
  { security }: ResolvedNatsConfig,
  logger: Logger,
): { authenticator?: Authenticator } & Partial<NodeConnectionOptions> {
  if (security.enabled !== true) return {};
  const { token, username, password, nkeyFile, credFile } = security;
  if (token !== undefined) return { token };
  if (username !== undefined) return { user: username, pass: password ?? '' };
  if (nkeyFile !== undefined) return { authenticator: rereading('nkeyFile', nkeyFile, nkeyLogin, logger) };
  if (credFile !== undefined)
    return { authenticator: rereading('credFile', credFile, credsAuthenticator, logger) };
  return {};
}

function nkeyLogin(content: Uint8Array): Authenticator {
  return nkeyAuthenticator(new TextEncoder().encode(new TextDecoder().decode(content).trim()));
}

/** An authenticator that throws would make the client give up for good. */
function rereading(
  key: 'nkeyFile' | 'credFile',
  file: string,
  make: (content: Uint8Array) => Authenticator,
  logger: Logger,
): Authenticator {
  let last = contentOf(key, file);
  return (nonce) => {
    try {
      const content = contentOf(key, file);
      const answer = make(content)(nonce);
      last = content;
      return answer;
    } catch {
      logger.warn({ file }, `nats.security.${key} cannot be read; logging in as it was before`);
      return make(last)(nonce);
    }
  };
}

function hasTls(
  { certFile, caFile, handshakeFirst }: ResolvedNatsConfig['security'],
  urls: readonly string[],
): boolean {
  return (certFile ?? caFile) !== undefined || handshakeFirst || urls.some((url) => url.startsWith('tls://'));
}

/** Given, the client refuses servers that do not speak TLS: nothing falls back to plaintext. It reads the files itself, each time. */
function tlsOptions({ security, urls }: ResolvedNatsConfig): TlsOptions | undefined {
  const { certFile, keyFile, caFile, skipVerify, handshakeFirst } = security;
  if (security.enabled !== true) return urls.some((url) => url.startsWith('tls://')) ? {} : undefined;
  if (!hasTls(security, urls) && !skipVerify) return undefined;
  for (const key of ['certFile', 'keyFile', 'caFile'] as const) {
    const file = security[key];
    if (file !== undefined) contentOf(key, file);
  }
  return {
    ...(certFile === undefined ? {} : { certFile: resolve(certFile) }),
    ...(keyFile === undefined ? {} : { keyFile: resolve(keyFile) }),
    ...(caFile === undefined ? {} : { caFile: resolve(caFile) }),
    ...(handshakeFirst ? { handshakeFirst } : {}),
    ...(skipVerify ? { rejectUnauthorized: false } : {}),
  } as TlsOptions;
}

function contentOf(key: string, file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    const message = `cannot read the file '${file}'`;
    throw new ConfigError(`nats.security.${key}: ${message}`, {
      problems: [{ path: `nats.security.${key}`, message }],
      cause,
    });
  }
}
