import type { ServerInfo } from '@nats-io/transport-node';
import { expect, it } from 'vitest';
import { capabilitiesOf, hasManyFilters, versionOf } from './capabilities.js';

const server = (version: string) => ({ version, max_payload: 1_000 }) as ServerInfo;

it.each([
  ['2.9.10', 'instance', false, false],
  ['2.10.26', 'instance', false, true],
  ['2.11.0', 'cluster', true, true],
  ['2.11.0-RC.2', 'cluster', true, true],
  ['2.15.2', 'cluster', true, true],
  ['3.0.0', 'cluster', true, true],
])('server %s: ordering %s, parking %s, several filters %s', (version, ordering, parking, filters) => {
  const info = server(version);
  expect(capabilitiesOf('persistent', info)).toMatchObject({ ordering, parking, maxMessageBytes: 1_000 });
  expect(hasManyFilters(versionOf(info))).toBe(filters);
});

it('declares the smaller set before a server is known, and on Core NATS', () => {
  expect(capabilitiesOf('persistent', undefined)).toMatchObject({ ordering: 'instance', parking: false });
  expect(capabilitiesOf('ephemeral', server('2.15.2'))).toMatchObject({
    ordering: 'instance',
    settle: 'none',
  });
});
