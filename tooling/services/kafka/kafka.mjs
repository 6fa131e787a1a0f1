// Kafka as a service: its options, the ways to have it.
import { composeImage } from '../docker.mjs';
import { findKafka } from './artifacts.mjs';
import { currentVersion } from './versions.mjs';

/** The variable that may give such a service: only a plain one can be given, as nobody knows how it is configured. */
export function addressVariable({ version = 'current', config, protocol, advertised, own }) {
  const plain =
    version === 'current' && config === undefined && protocol === undefined && advertised === undefined;
  return plain && own !== true ? 'EBUS_TEST_KAFKA' : undefined;
}

/** What does not depend on the way. */
export function common({
  nodes = 1,
  config = '',
  files = {},
  protocol = 'PLAINTEXT',
  scramUsers = {},
  advertised,
}) {
  const perNode = (option) =>
    Array.from({ length: nodes }, (_, i) => (typeof option === 'function' ? option(i + 1) : option));
  return {
    nodes,
    configs: perNode(config),
    files,
    protocol,
    scramUsers,
    advertised: perNode(advertised),
  };
}

export function image({ version = 'current' }) {
  return version === 'current' || version === currentVersion
    ? composeImage('apache/kafka')
    : `apache/kafka:${version}`;
}

/** As local processes. */
export const local = ({ version = 'current' }, log) => findKafka(version, log);
