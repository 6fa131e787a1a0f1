/** The security settings of both clients: librdkafka's and kafkajs'. Files are read at every call. */
import { readFileSync } from 'node:fs';
import { ConfigError } from '@ebus/core/driver';
import type { KafkaConfig as KafkaJsConfig, OauthbearerProviderResponse, SASLOptions } from 'kafkajs';
import type { ResolvedKafkaConfig } from './config-schema.js';
import type { OauthBearerToken } from './kafka-config.js';

type Security = ResolvedKafkaConfig['security'];

/** @throws ConfigError for a file that cannot be read */
export function librdkafkaSecurity({ security }: ResolvedKafkaConfig): Record<string, unknown> {
  const { protocol, mechanism } = protocolOf(security);
  const { username, password, oauthBearer } = security;
  return {
    'security.protocol': protocol.toLowerCase(),
    ...(protocol.endsWith('SSL') ? librdkafkaTls(security) : {}),
    ...(mechanism === undefined ? {} : { 'sasl.mechanisms': mechanism }),
    ...(mechanism === undefined || mechanism === 'OAUTHBEARER'
      ? {}
      : { 'sasl.username': username, 'sasl.password': password }),
    ...(mechanism === 'OAUTHBEARER' && oauthBearer !== undefined
      ? { oauthbearer_token_refresh_cb: async () => toLibrdkafka(await oauthBearer.token()) }
      : {}),
  };
}

/** @throws ConfigError for a file that cannot be read */
export function kafkajsSecurity({ security }: ResolvedKafkaConfig): Pick<KafkaJsConfig, 'ssl' | 'sasl'> {
  const { protocol, mechanism } = protocolOf(security);
  const { username, password, oauthBearer, caFile, certFile, keyFile, keyPassword, skipVerify } = security;
  const ssl = {
    ...(caFile === undefined ? {} : { ca: textOf('caFile', caFile) }),
    ...(certFile === undefined ? {} : { cert: textOf('certFile', certFile) }),
    ...(keyFile === undefined ? {} : { key: textOf('keyFile', keyFile) }),
    ...(keyPassword === undefined ? {} : { passphrase: keyPassword }),
    ...(skipVerify ? { rejectUnauthorized: false } : {}),
  };
  const sasl =
    mechanism === 'OAUTHBEARER' && oauthBearer !== undefined
      ? { mechanism: 'oauthbearer', oauthBearerProvider: async () => toKafkajs(await oauthBearer.token()) }
      : { mechanism: mechanism?.toLowerCase(), username, password };
  return {
    ...(protocol.endsWith('SSL') ? { ssl } : {}),
    ...(mechanism === undefined ? {} : { sasl: sasl as SASLOptions }),
  };
}

function protocolOf(security: Security): { protocol: string; mechanism: string | undefined } {
  const { enabled, username, oauthBearer } = security;
  if (enabled !== true) return { protocol: 'PLAINTEXT', mechanism: undefined };
  const hasLogin = username !== undefined || oauthBearer !== undefined;
  const { protocol = hasLogin ? 'SASL_SSL' : 'SSL' } = security;
  const { mechanism = oauthBearer === undefined ? 'PLAIN' : 'OAUTHBEARER' } = security;
  return { protocol, mechanism: protocol.startsWith('SASL') ? mechanism : undefined };
}

function librdkafkaTls(security: Security): Record<string, unknown> {
  const { caFile, certFile, keyFile, keyPassword, skipVerify } = security;
  const settings: Record<string, unknown> = {};
  const names = {
    caFile: 'ssl.ca.location',
    certFile: 'ssl.certificate.location',
    keyFile: 'ssl.key.location',
  };
  for (const [key, file] of Object.entries({ caFile, certFile, keyFile })) {
    if (file === undefined) continue;
    // Read here as well: the client's own complaint does not say which setting it is about.
    textOf(key, file);
    settings[names[key as keyof typeof names]] = file;
  }
  if (keyPassword !== undefined) settings['ssl.key.password'] = keyPassword;
  if (skipVerify) settings['enable.ssl.certificate.verification'] = false;
  return settings;
}

function toLibrdkafka({ value, expiresAt, principal, extensions }: OauthBearerToken) {
  return { tokenValue: value, lifetime: expiresAt, principal: principal ?? '', extensions: extensions ?? {} };
}

function toKafkajs({ value, extensions }: OauthBearerToken): OauthbearerProviderResponse {
  return { value, ...(extensions === undefined ? {} : { extensions }) } as OauthbearerProviderResponse;
}

function textOf(key: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const message = `cannot read the file '${file}'`;
    throw new ConfigError(`kafka.security.${key}: ${message}`, {
      problems: [{ path: `kafka.security.${key}`, message }],
      cause,
    });
  }
}
