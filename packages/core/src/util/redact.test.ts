import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactSecrets } from './redact.js';

const SECRET = 'hunter2-S3cr3t';
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';
const SEED = 'SUAIBDPBAUTWCWBKIO6XHQNINK5FWJW4OHLXC3HQ2KFE4PEJUA44CNHTC4';

describe('redactSecrets', () => {
  it.each([
    [`connect postgres://app:${SECRET}@db:5432/shop failed`, 'connect postgres://***@db:5432/shop failed'],
    [`nats://${SECRET}@10.0.0.1:4222`, 'nats://***@10.0.0.1:4222'],
    [`amqp://a:p@ss@host: refused`, 'amqp://***@host: refused'],
    [`app:${SECRET}@tcp(db:3306)/shop`, '***@tcp(db:3306)/shop'],
    [
      `GET https://x.test/a?access_token=${SECRET}&page=2 404`,
      'GET https://x.test/a?access_token=***&page=2 404',
    ],
    [`https://b.test/o?X-Amz-Signature=${SECRET}`, 'https://b.test/o?X-Amz-Signature=***'],
    [
      `Server=db;User Id=sa;Password=${SECRET};Encrypt=true`,
      'Server=db;User Id=sa;Password=***;Encrypt=true',
    ],
    [`AccountName=x;AccountKey=${SECRET}==;Suffix=y`, 'AccountName=x;AccountKey=***;Suffix=y'],
    [`{"user":"a","password":"${SECRET}","n":1}`, '{"user":"a","password":***,"n":1}'],
    [`{"client_secret": "a\\"b${SECRET}"}`, '{"client_secret": ***}'],
    [`{ user: 'a', password: '${SECRET}' }`, "{ user: 'a', password: *** }"],
    [`password=${SECRET}`, 'password=***'],
    [`DB_PASSWORD="${SECRET} x" HOST=y`, 'DB_PASSWORD=*** HOST=y'],
    [`Authorization: Bearer ${SECRET}`, 'Authorization: Bearer ***'],
    [`authorization: Basic YWxhZGRpbjpvcGVuc2VzYW1l=`, 'authorization: Basic ***'],
    [`token ${JWT} has expired`, 'token *** has expired'],
    [`bad seed ${SEED}`, 'bad seed ***'],
    [
      `-----BEGIN RSA PRIVATE KEY-----\nMIIE${SECRET}\n-----END RSA PRIVATE KEY-----\nafter`,
      '-----BEGIN RSA PRIVATE KEY----- ***\nafter',
    ],
    [`open '-----BEGIN PRIVATE KEY-----\\nMIIE${SECRET}`, "open '-----BEGIN PRIVATE KEY----- ***"],
    [
      `-----BEGIN NATS USER JWT-----\n${JWT}\n------END NATS USER JWT------\n`,
      '-----BEGIN NATS USER JWT----- ***\n',
    ],
    [`api key: 8f14e45fceea167a5a36dedd4bea2543`, 'api key: ***'],
    [`AKIAIOSFODNN7EXAMPLE is disabled`, '*** is disabled'],
  ])('%s', (text, expected) => {
    expect(redactSecrets(text)).toBe(expected);
  });

  it.each([
    "Cannot read properties of undefined (reading 'amount')",
    "Unexpected token '<' in JSON at position 0",
    'Unexpected token: { in expression',
    'Bearer token is missing',
    'Basic authentication failed',
    'the password is wrong',
    'connect ECONNREFUSED 127.0.0.1:5432',
    'duplicate key value violates unique constraint "orders_pkey"',
    'key: order-1 is locked',
    'mail to bob@example.com at 12:30',
    'payload.items[3].price is NaN',
  ])('leaves alone: %s', (text) => {
    expect(redactSecrets(text)).toBe(text);
  });

  it('takes time in proportion to the text, whatever it is', () => {
    const piece = fc.constantFrom(
      '://',
      'a',
      '@',
      '"',
      "'",
      '\\',
      '=',
      ':',
      'password',
      'token',
      '-----BEGIN A-----',
      ' ',
      'eyJaaaaaaaa',
      '.',
      'Bearer ',
      'user:x@',
      '-',
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), (pieces) => {
        expect(typeof redactSecrets(pieces.join('').repeat(2_000))).toBe('string');
      }),
      { numRuns: 200 },
    );
  });
});
