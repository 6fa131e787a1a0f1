/** Checks of the configuration and of this machine. Pure. */
import { type Check, ofAll } from '../check.js';

const LOOPBACK = /^(?:[a-z+]+:\/\/)?(?:[^@/]*@)?(?:localhost|127\.|\[?::1)/i;
/** The oldest Node that ebus is tested on. */
const NODE = [20, 19] as const;

const connection = ofAll('connection');
const configuration = ofAll('configuration');

/** The configuration and this process: TLS, names, acknowledgements, the version of Node. */
export const setupChecks: readonly Check[] = [
  connection(
    'warning',
    'not-secured',
    'brokers on other machines, without TLS and login',
    ({ config, transport }) => {
      const strangers = config.addresses.filter((address) => !LOOPBACK.test(address));
      if (strangers.length === 0 || config.isSecured) return undefined;
      const evidence = `${transport}.security is not enabled, and ${strangers.length} of the brokers are on other machines`;
      return [evidence, 'turn TLS and a login on'];
    },
  ),
  connection(
    'warning',
    'certificates-unchecked',
    'certificates of brokers are not checked',
    ({ config, transport }) =>
      config.isSecured && config.isBlind
        ? [
            `${transport}.security.skipVerify is true: anyone may answer as the broker`,
            'take it out; name the authority with caFile',
          ]
        : undefined,
  ),
  configuration(
    'warning',
    'no-service-name',
    'subscriptions without a group have none of their own',
    ({ config }) =>
      config.serviceName === undefined
        ? [
            'serviceName is not configured: subscriptions without a group have none of their own',
            'configure serviceName',
          ]
        : undefined,
  ),
  configuration(
    'warning',
    'acks-not-all',
    'Kafka: publishes are acknowledged before every replica in sync has them',
    ({ config }) =>
      config.requiredAcks === undefined || config.requiredAcks === -1
        ? undefined
        : [
            `kafka.producer.requiredAcks is ${config.requiredAcks}: acknowledged events go with one broker`,
            'take it out: the default is -1, all replicas in sync',
          ],
  ),
  configuration(
    'warning',
    'node-version',
    'Node is older than the versions that ebus is tested on',
    ({ nodeVersion }) => {
      const [major = 0, minor = 0] = nodeVersion.replace(/^v/, '').split('.').map(Number);
      const isOld = major < NODE[0] || (major === NODE[0] && minor < NODE[1]);
      return isOld ? [`Node is ${nodeVersion}`, `upgrade it to ${NODE.join('.')} or later`] : undefined;
    },
  ),
];
