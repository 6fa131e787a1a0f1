import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { isAllowedHost } from './allowed-hosts.js';

it.each([
  undefined,
  '10.1.2.3',
  '10.1.2.3:8080',
  '[::1]:8080',
  '[fe80::1]',
  'localhost',
  'localhost:8080',
  'orders:8080',
  'orders.shop.svc',
  'orders.shop.svc.cluster.local:8080',
  'ip-10-0-0-1.ec2.internal',
  'printer.local.',
  hostname(),
])('answers for %s', (header) => {
  expect(isAllowedHost(header, [])).toBe(true);
});

it.each([
  'evil.example',
  'evil.example:8080',
  'EVIL.Example.',
  '10.1.2.3.evil.example',
  'localhost.evil.example',
  'a.[::1',
])('does not answer for %s', (header) => {
  expect(isAllowedHost(header, [])).toBe(false);
});

it('answers for the names that are configured', () => {
  const allowed = ['Health.example.com', '*.shop.example.com'];
  expect(isAllowedHost('health.example.com:80', allowed)).toBe(true);
  expect(isAllowedHost('eu.shop.example.com', allowed)).toBe(true);
  expect(isAllowedHost('shop.example.com', allowed)).toBe(false);
  expect(isAllowedHost('evilshop.example.com', allowed)).toBe(false);
  expect(isAllowedHost('evil.example', ['*'])).toBe(true);
});
