// NATS as a service: its options checked, its server found.
import { findNatsServer } from './binary.mjs';

/** The environment variables that give a server, by what is asked for. */
const variables = { current: 'EBUS_TEST_NATS', 2.9: 'EBUS_TEST_NATS_2_9' };

/** The variable that may give such a service: only a plain one can be given, as nobody knows how it is configured. */
export function addressVariable({ version = 'current', jetstream = true, config, own }) {
  if (own === true || jetstream !== true || config !== undefined) return undefined;
  return variables[version];
}

/** What the keeper needs to run it as local processes. */
export async function plan(options, log) {
  const { nodes = 1, version = 'current', jetstream = true, config = '' } = options;
  const { binary, version: found, source } = await findNatsServer(version, log);
  const configs = Array.from({ length: nodes }, (_, i) =>
    typeof config === 'function' ? config(i + 1) : config,
  );
  return { service: 'nats', binary, nodes, jetstream, configs, version: found, source };
}
