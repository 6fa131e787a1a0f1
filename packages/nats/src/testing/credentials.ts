/** Operators, accounts and users of decentralised authentication, made here. */
import { createAccount, createOperator, createUser, type KeyPair } from '@nats-io/nkeys';
import { uniqueName } from './harness.js';

const utf8 = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const PERMITTED = { pub: {}, sub: {}, subs: -1, data: -1, payload: -1 };
const LIMITS = {
  ...{ subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 },
  ...{ mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 },
};

/** An account with JetStream, the configuration of a server that knows it, and users of it. */
export function anAccount() {
  const [operator, account, system] = [createOperator(), createAccount(), createAccount()];
  const limits = { ...LIMITS, mem_storage: 0, disk_storage: 0, streams: 0, consumer: 0 };
  const config = `
    operator: ${jwt(operator, operator, 'operator', {})}
    system_account: ${system.getPublicKey()}
    resolver: MEMORY
    resolver_preload: {
      ${account.getPublicKey()}: ${jwt(account, operator, 'account', { limits: LIMITS })}
      ${system.getPublicKey()}: ${jwt(system, operator, 'account', { limits })}
    }`;
  /** What a credentials file holds. `seconds`: until it expires. */
  const credentials = (seconds?: number, by: KeyPair = account) => {
    const user = createUser();
    return fileOf(jwt(user, by, 'user', PERMITTED, seconds), user);
  };
  return { config, credentials, forged: () => credentials(undefined, createAccount()) };
}

/** The NATS form of a JSON web token: signed by an nkey. */
function jwt(subject: KeyPair, issuer: KeyPair, type: string, claims: object, seconds?: number): string {
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const now = Math.floor(Date.now() / 1_000);
  const body = {
    jti: uniqueName('jti'),
    iat: now,
    ...(seconds === undefined ? {} : { exp: now + seconds }),
    iss: issuer.getPublicKey(),
    sub: subject.getPublicKey(),
    name: type,
    nats: { ...claims, type, version: 2 },
  };
  const signed = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode(body)}`;
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`;
}

function fileOf(token: string, user: KeyPair): string {
  return [
    '-----BEGIN NATS USER JWT-----',
    token,
    '------END NATS USER JWT------',
    '',
    '-----BEGIN USER NKEY SEED-----',
    utf8(user.getSeed()),
    '------END USER NKEY SEED------',
    '',
  ].join('\n');
}
