// NATS as a service: its options, the ways to have it.
import { composeImage } from '../docker.mjs';
import { findNatsServer } from './binary.mjs';
import { currentVersion } from './versions.mjs';

/** The environment variables that give a server, by what is asked for. */
const variables = { current: 'EBUS_TEST_NATS', 2.9: 'EBUS_TEST_NATS_2_9' };

/** The variable that may give such a service: only a plain one can be given, as nobody knows how it is configured. */
export function addressVariable({ version = 'current', jetstream = true, config, own }) {
  if (own === true || jetstream !== true || config !== undefined) return undefined;
  return variables[version];
}

/** What does not depend on the way. */
export function common({ nodes = 1, jetstream = true, config = '', files = {} }) {
  const configs = Array.from({ length: nodes }, (_, i) =>
    typeof config === 'function' ? config(i + 1) : config,
  );
  return { nodes, jetstream, configs, files };
}

export function image({ version = 'current' }) {
  return version === 'current' || version === currentVersion
    ? composeImage('nats')
    : `nats:${version}-alpine`;
}

/** As local processes. */
export const local = ({ version = 'current' }, log) => findNatsServer(version, log);
