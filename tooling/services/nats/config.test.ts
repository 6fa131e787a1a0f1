import { expect, it } from 'vitest';
import { natsConfig } from './config.mjs';

const one = {
  name: 'one-1',
  cluster: 'one',
  host: '127.0.0.1',
  ports: { client: 4001, monitor: 4002, route: 4003 },
  routes: [],
  store: '/data/1',
  jetstream: true,
  config: '',
};

it('configures a single server', () => {
  expect(natsConfig(one)).toBe(
    [
      'server_name: "one-1"',
      'listen: "127.0.0.1:4001"',
      'http: "127.0.0.1:4002"',
      'jetstream {',
      '  store_dir: "/data/1"',
      '}',
      '',
    ].join('\n'),
  );
});

it('configures a cluster by its routes', () => {
  const text = natsConfig({ ...one, routes: ['127.0.0.1:4003', '127.0.0.1:5003'] });
  expect(text).toContain('routes: ["nats-route://127.0.0.1:4003", "nats-route://127.0.0.1:5003"]');
});

it('leaves JetStream out, or gives it limits', () => {
  expect(natsConfig({ ...one, jetstream: false })).not.toContain('jetstream');
  expect(natsConfig({ ...one, jetstream: 'max_file: 10MB\nmax_mem: 1MB' })).toContain(
    '  store_dir: "/data/1"\n  max_file: 10MB\n  max_mem: 1MB\n}',
  );
});

it('ends with the lines of its caller', () => {
  expect(natsConfig({ ...one, config: 'max_payload: 1KB' })).toMatch(/\nmax_payload: 1KB\n$/);
});
