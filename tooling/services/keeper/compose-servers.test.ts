import { expect, it } from 'vitest';
import { composeFile } from './compose-servers.mjs';

const server = (container: object) => ({ name: 'n', address: 'a', isReady: async () => true, container });

it('puts files where the container looks for them, with their dollars', () => {
  const files = { '/etc/ebus/nats.conf': 'password: $2a$11$x', '/etc/ebus/ca.pem': 'CA' };
  const text = composeFile([server({ name: 'nats-1', image: 'nats:2', ports: ['1:2'], files })]);
  expect(JSON.parse(text)).toEqual({
    services: {
      'nats-1': {
        image: 'nats:2',
        ports: ['1:2'],
        configs: [
          { source: 'nats-1-0', target: '/etc/ebus/nats.conf' },
          { source: 'nats-1-1', target: '/etc/ebus/ca.pem' },
        ],
      },
    },
    configs: { 'nats-1-0': { content: 'password: $$2a$$11$$x' }, 'nats-1-1': { content: 'CA' } },
  });
});

it('is without configurations where there are no files', () => {
  const text = composeFile([server({ name: 'postgres', image: 'postgres:17' })]);
  expect(JSON.parse(text)).toEqual({ services: { postgres: { image: 'postgres:17' } }, configs: {} });
});
