/** Checks and defaults of the addresses and of `nats.security`. */
import { fileNameSetting, z } from '@ebus/core/driver';

const text = z.string().min(1);

/** Validates `nats.security`. Settings without `enabled` are refused. */
export const security = z
  .strictObject({
    enabled: z
      .boolean()
      .optional()
      .describe('Whether what is below applies; must be said where anything is.')
      .meta({ default: false }),
    token: text.optional().describe('Login by token.'),
    username: text.optional().describe('Login by name; goes with `password`.'),
    password: z.string().optional().describe('Goes with `username`.'),
    nkeyFile: fileNameSetting().optional().describe('Login by nkey: a file with the seed.'),
    credFile: fileNameSetting().optional().describe('Login by credentials: a file with JWT and seed.'),
    certFile: fileNameSetting().optional().describe("The client's certificate; goes with `keyFile`."),
    keyFile: fileNameSetting().optional().describe("The key of the client's certificate."),
    caFile: fileNameSetting().optional().describe('Certificates to trust.'),
    skipVerify: z.boolean().default(false).describe('Accepts any certificate of the server.'),
    handshakeFirst: z
      .boolean()
      .default(false)
      .describe('TLS from the first byte, for servers with `handshake_first: true`.'),
  })
  .superRefine((value, context) => {
    const problem = (message: string) => context.addIssue({ code: 'custom', message });
    const { enabled, skipVerify, handshakeFirst, ...rest } = value;
    const given = Object.entries(rest).filter(([, setting]) => setting !== undefined);
    const ofTls = skipVerify || handshakeFirst;
    if (enabled === undefined && (given.length > 0 || ofTls)) {
      problem('set enabled: true for these settings to apply, or enabled: false to go without them');
    }
    const logins = [value.token, value.username, value.nkeyFile, value.credFile].filter(Boolean);
    if (logins.length > 1) problem('give one login: token, username with password, nkeyFile or credFile');
    if ((value.username === undefined) !== (value.password === undefined)) {
      problem('username and password go together');
    }
    if ((value.certFile === undefined) !== (value.keyFile === undefined)) {
      problem('certFile and keyFile go together');
    }
    if (enabled === true && given.length === 0 && !ofTls) {
      problem('enabled is true, and there is neither a login nor anything for TLS');
    }
  })
  .prefault({});

/** Validates one server address. Logins in it are refused. */
export const url = z.string().superRefine((value, context) => {
  const parsed = URL.canParse(value.includes('://') ? value : `nats://${value}`)
    ? new URL(value.includes('://') ? value : `nats://${value}`)
    : undefined;
  if (parsed === undefined || !['nats:', 'tls:'].includes(parsed.protocol)) {
    context.addIssue({ code: 'custom', message: "must be like 'nats://host:4222' or 'tls://host:4222'" });
  } else if (parsed.username !== '' || parsed.password !== '') {
    context.addIssue({ code: 'custom', message: 'must not hold a login; put it under nats.security' });
  } else if (!['', '/'].includes(parsed.pathname) || parsed.search !== '' || parsed.hash !== '') {
    const message = 'must end after the port: nothing there is used, and a token goes under nats.security';
    context.addIssue({ code: 'custom', message });
  }
});
