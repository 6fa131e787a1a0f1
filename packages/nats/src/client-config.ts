/** The only mapping from our options to the client's. */
import { readFileSync } from 'node:fs';
import { ConfigError } from '@ebus/core/driver';
import type { JetStreamManagerOptions } from '@nats-io/jetstream';
import {
  credsAuthenticator,
  type NodeConnectionOptions,
  nkeyAuthenticator,
  type TlsOptions,
} from '@nats-io/transport-node';
import type { ResolvedNatsConfig } from './nats-config.js';

/** @throws ConfigError for a file that cannot be read */
export function connectionOptions(config: ResolvedNatsConfig, serviceName: string): NodeConnectionOptions {
  const options: NodeConnectionOptions = {
    servers: config.urls.map((url) => url.replace(/^(nats|tls):\/\//, '')),
    name: config.clientId ?? serviceName,
    maxReconnectAttempts: config.maxReconnects,
    reconnectTimeWait: config.reconnectWait,
    // Everybody coming back at once is what the wait spreads.
    reconnectJitter: Math.min(100, config.reconnectWait),
    timeout: config.connectionTimeout,
    noAsyncTraces: true,
    ...login(config),
  };
  const tls = tlsOptions(config);
  if (tls !== undefined) options.tls = tls;
  return options;
}

export function jetstreamOptions({ jetstream }: ResolvedNatsConfig): JetStreamManagerOptions {
  const { domain, apiPrefix } = jetstream;
  return {
    checkAPI: false,
    timeout: jetstream.publishTimeout,
    ...(domain === undefined ? {} : { domain }),
    ...(apiPrefix === undefined ? {} : { apiPrefix }),
  };
}

function login({ security }: ResolvedNatsConfig): Partial<NodeConnectionOptions> {
  if (security.enabled !== true) return {};
  const { token, username, password, nkeyFile, credFile } = security;
  if (token !== undefined) return { token };
  if (username !== undefined) return { user: username, pass: password ?? '' };
  if (nkeyFile !== undefined) {
    const seed = new TextDecoder().decode(contentOf('nkeyFile', nkeyFile)).trim();
    return { authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)) };
  }
  if (credFile !== undefined) return { authenticator: credsAuthenticator(contentOf('credFile', credFile)) };
  return {};
}

/** Given, the client refuses servers that do not speak TLS: nothing falls back to plaintext. */
function tlsOptions({ security, urls }: ResolvedNatsConfig): TlsOptions | undefined {
  const { certFile, keyFile, caFile, skipVerify, enabled } = security;
  const configured = enabled === true && (certFile ?? caFile) !== undefined;
  if (!configured && !(enabled === true && skipVerify) && !urls.some((url) => url.startsWith('tls://'))) {
    return undefined;
  }
  if (enabled !== true) return {};
  return {
    ...(certFile === undefined ? {} : { cert: textOf('certFile', certFile) }),
    ...(keyFile === undefined ? {} : { key: textOf('keyFile', keyFile) }),
    ...(caFile === undefined ? {} : { ca: textOf('caFile', caFile) }),
    ...(skipVerify ? { rejectUnauthorized: false } : {}),
  } as TlsOptions;
}

function textOf(key: string, file: string): string {
  return new TextDecoder().decode(contentOf(key, file));
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
