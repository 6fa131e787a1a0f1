import { expect, it } from 'vitest';
import { composeImage } from '../docker.mjs';
import { currentVersion, oldVersion } from './versions.mjs';

it('is the same minor version in docker-compose.yml', () => {
  const [major, minor] = currentVersion.split('.');
  expect(composeImage('nats')).toBe(`nats:${major}.${minor}-alpine`);
});

it('is a 2.9 where the old one is wanted', () => {
  expect(oldVersion).toMatch(/^2\.9\.\d+$/);
});
