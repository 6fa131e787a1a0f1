import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { runSource } from '@ebus/run-source';
import { afterEach, expect, it } from 'vitest';

const program = fileURLToPath(new URL('./main.ts', import.meta.url));
const VARIABLE = 'OTEL_EXPORTER_OTLP_ENDPOINT';

afterEach(() => {
  delete process.env[VARIABLE];
});

const TREE = [
  /^ {2}place order +\+0\.0 ms/,
  /^ {2}└─ send shop\.orders +shop /,
  /^ {5}└─ process shop\.orders +billing .* attempt 1$/,
  /^ {8}└─ charge card /,
  /^ {11}└─ send billing\.invoices +billing /,
  /^ {14}├─ process billing\.invoices +shop .* attempt 1, failed: out of stamps$/,
  /^ {14}│ {2}└─ mail invoice /,
  /^ {14}├─ process billing\.invoices +shop .* attempt 2, failed: out of stamps$/,
  /^ {14}│ {2}├─ mail invoice /,
  /^ {14}│ {2}└─ dead-letter billing\.invoices\.dlq +shop /,
  /^ {14}├─ redrive billing\.invoices +shop /,
  /^ {14}└─ process billing\.invoices +shop .* attempt 1$/,
  /^ {17}└─ mail invoice /,
];

it('shows one trace as a tree, and ends by itself', { timeout: 60_000 }, async () => {
  const { code, stdout, stderr } = await runSource(program);
  expect(stderr).toBe('');
  expect(stdout).toContain('1 dead letter was redriven: 1 invoice is in the mail');
  expect(stdout).toContain(`Set ${VARIABLE}`);
  const tree = stdout.split('\n').filter((line) => / ms$| attempt /.test(line));
  expect(tree).toHaveLength(TREE.length);
  for (const [index, pattern] of TREE.entries()) expect(tree[index]).toMatch(pattern);
  expect(code).toBe(0);
});

it('exports the spans where an endpoint is given', { timeout: 60_000 }, async () => {
  const requests: string[] = [];
  const collector = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    request
      .resume()
      .on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  process.env[VARIABLE] = endpoint;
  const { code, stdout, stderr } = await runSource(program);
  collector.closeAllConnections();
  collector.close();
  expect(stderr).toBe('');
  expect(stdout).toContain(`Exported to ${endpoint}`);
  expect(requests).toEqual(['POST /v1/traces']);
  expect(code).toBe(0);
});
