/** The checks of `kafka.security`: the configured settings are complete, and none would be ignored. */
import { fileNameSetting, z } from '@ebus/core/driver';
import type { KafkaSecurityConfig } from './kafka-config.js';

const provider = z
  .custom<NonNullable<KafkaSecurityConfig['oauthBearer']>>(
    (value) => typeof (value as { token?: unknown } | null)?.token === 'function',
    {
      error:
        'must have a method token(), which resolves with { value, expiresAt }; it can only be given in code',
    },
  )
  .meta({ not: {} });

/** Validates `kafka.security`. Settings without `enabled` are refused. */
export const security = z
  .strictObject({
    enabled: z.boolean().optional().describe('Needed with any other key of this section.'),
    protocol: z
      .enum(['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'])
      .optional()
      .describe('Default: `SASL_SSL` with a login, else `SSL`.'),
    mechanism: z
      .enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'])
      .optional()
      .describe('Default: `PLAIN` with a user name, `OAUTHBEARER` with a token provider.'),
    username: z.string().min(1).optional().describe('Goes with `password`.'),
    password: z.string().optional().describe('Goes with `username`.'),
    oauthBearer: provider.optional().describe('Gives tokens for `OAUTHBEARER`; only in code.'),
    certFile: fileNameSetting().optional().describe('Client certificate, PEM; goes with `keyFile`.'),
    keyFile: fileNameSetting().optional().describe('Client key, PEM; goes with `certFile`.'),
    keyPassword: z.string().min(1).optional().describe('Of an encrypted `keyFile`.'),
    caFile: fileNameSetting().optional().describe("Who signs the brokers' certificates, PEM."),
    skipVerify: z.boolean().default(false).describe('Accepts any certificate of the brokers.'),
  })
  .superRefine((value, context) => {
    for (const message of problemsOf(value)) context.addIssue({ code: 'custom', message });
  })
  .prefault({});

function* problemsOf(value: KafkaSecurityConfig): Generator<string> {
  const { enabled, protocol, username, password, mechanism, oauthBearer } = value;
  const { certFile, keyFile, keyPassword, caFile, skipVerify } = value;
  const login = username ?? password ?? mechanism ?? oauthBearer;
  const tls = certFile ?? keyFile ?? keyPassword ?? caFile ?? (skipVerify === true ? skipVerify : undefined);
  const given = protocol ?? login ?? tls;
  if (enabled === undefined && given !== undefined) {
    yield 'set enabled: true for these settings to apply, or enabled: false to go without them';
  }
  if (enabled === true && given === undefined) yield 'enabled is true, and nothing says which security';
  if ((username === undefined) !== (password === undefined)) yield 'username and password go together';
  if ((certFile === undefined) !== (keyFile === undefined)) yield 'certFile and keyFile go together';
  if (keyPassword !== undefined && keyFile === undefined) yield 'keyPassword needs keyFile';
  if ((mechanism === 'OAUTHBEARER') !== (oauthBearer !== undefined) && mechanism !== undefined) {
    yield 'mechanism OAUTHBEARER and oauthBearer go together: { token(): Promise<{ value, expiresAt }> }, in code';
  }
  if (oauthBearer !== undefined && username !== undefined) yield 'oauthBearer replaces username and password';
  if (mechanism !== undefined && mechanism !== 'OAUTHBEARER' && username === undefined) {
    yield 'the mechanism needs username and password';
  }
  if (protocol?.startsWith('SASL') && username === undefined && oauthBearer === undefined) {
    yield `${protocol} needs username and password, or oauthBearer`;
  }
  if (protocol !== undefined && !protocol.startsWith('SASL') && login !== undefined) {
    yield `${protocol} has no login; use SASL_SSL or SASL_PLAINTEXT, or take the login out`;
  }
  if (protocol?.endsWith('PLAINTEXT') && tls !== undefined) {
    yield `${protocol} has no TLS; use SSL or SASL_SSL, or take the files and skipVerify out`;
  }
}

/**
 * Warnings for the log at every start: each way in which the configuration makes the connection weaker than it could
 * be.
 */
export function weaknessesOf({ enabled, protocol, mechanism, skipVerify }: KafkaSecurityConfig): string[] {
  if (enabled !== true) return [];
  const list: string[] = [];
  if (skipVerify === true) {
    list.push(
      'kafka.security.skipVerify is set: whoever is on the way to the brokers can read and change everything',
    );
  }
  if (protocol === 'SASL_PLAINTEXT') {
    const login = mechanism?.startsWith('SCRAM') === true ? 'messages are' : 'the login and messages are';
    list.push(`kafka.security.protocol is SASL_PLAINTEXT: ${login} not encrypted; use SASL_SSL`);
  }
  if (protocol === 'PLAINTEXT') {
    list.push('kafka.security is enabled with protocol PLAINTEXT: there is neither a login nor encryption');
  }
  return list;
}
