import { describe, expect, it } from 'vitest';
import { isLoopback, refusal, refusedHost } from './access.js';

const TOKEN = 'correct-horse-battery';
const HERE = { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' };
const headers = { host: '127.0.0.1:8080', 'x-ebus-console': '1' };

const statusOf = (more: object, token?: string, allowed: string[] = [], from: object = HERE) =>
  refusal({ headers: { ...headers, ...more }, ...HERE, ...from }, token, allowed)?.status;

describe('without a token', () => {
  it('this machine may ask, by its own names', () => {
    for (const host of ['127.0.0.1:8080', 'localhost', '[::1]:80', 'ui.localhost'])
      expect(statusOf({ host })).toBeUndefined();
    expect(
      statusOf({}, undefined, [], { remoteAddress: '::ffff:127.0.0.1', localAddress: '::1' }),
    ).toBeUndefined();
  });

  it('no name that somebody else could point here', () => {
    for (const host of ['evil.example', 'shop', 'shop.local', 'shop.internal', '10.0.0.7', ''])
      expect(statusOf({ host })).toBe(421);
    expect(statusOf({ host: 'ui.example.com' }, undefined, ['ui.example.com'])).toBeUndefined();
    expect(refusedHost({ headers: {} }, undefined, [])?.status).toBe(421);
  });

  it('no other machine, and nothing through a proxy', () => {
    expect(statusOf({}, undefined, [], { remoteAddress: '10.0.0.7' })).toBe(403);
    expect(statusOf({}, undefined, [], { localAddress: '10.0.0.1' })).toBe(403);
    expect(statusOf({ 'x-forwarded-for': '10.0.0.7' })).toBe(403);
    expect(statusOf({ forwarded: 'for=10.0.0.7' })).toBe(403);
    for (const name of ['via', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'])
      expect(statusOf({ [name]: 'x' }), name).toBe(403);
  });
});

describe('with a token', () => {
  const from = { remoteAddress: '10.0.0.7', localAddress: '10.0.0.1' };
  const asked = (authorization?: string) =>
    statusOf(
      { host: '10.0.0.1', ...(authorization === undefined ? {} : { authorization }) },
      TOKEN,
      [],
      from,
    );

  it('any machine may ask that knows it', () => {
    expect(asked(`Bearer ${TOKEN}`)).toBeUndefined();
    expect(asked(`bearer  ${TOKEN}`)).toBeUndefined();
  });

  it('nobody else', () => {
    for (const given of [undefined, '', 'Bearer', 'Bearer x', `Basic ${TOKEN}`, `Bearer ${TOKEN}x`, TOKEN])
      expect(asked(given)).toBe(401);
    expect(statusOf({}, TOKEN)).toBe(401);
  });

  it('by the names that the server answers for', () => {
    const authorization = `Bearer ${TOKEN}`;
    expect(statusOf({ host: 'evil.example', authorization }, TOKEN)).toBe(421);
    expect(statusOf({ host: 'shop.internal', authorization }, TOKEN)).toBeUndefined();
  });
});

it('answers no other page', () => {
  expect(statusOf({ 'x-ebus-console': undefined })).toBe(403);
  expect(statusOf({ 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(statusOf({ 'sec-fetch-site': 'same-site' })).toBe(403);
  expect(statusOf({ 'sec-fetch-site': 'same-origin', origin: 'https://proxy.example' })).toBeUndefined();
  expect(statusOf({ origin: 'http://evil.example' })).toBe(403);
  expect(statusOf({ origin: 'null' })).toBe(403);
  expect(statusOf({ origin: 'http://127.0.0.1:8080' })).toBeUndefined();
});

it('knows loopback', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', '::1', '[::1]', 'LOCALHOST', '::ffff:127.0.0.1'])
    expect(isLoopback(host)).toBe(true);
  for (const host of ['', '0.0.0.0', '::', '127.0.0.1.evil.example', 'localhost.evil.example'])
    expect(isLoopback(host)).toBe(false);
});
