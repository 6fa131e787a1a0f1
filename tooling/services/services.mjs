// The services there are. Each is a folder with what decides how to run it (<name>.mjs) and what runs it (launch.mjs).
import * as nats from './nats/nats.mjs';
import * as postgres from './postgres/postgres.mjs';

const services = { nats, postgres };

/** Those that can be started. */
export const serviceNames = Object.keys(services);

/** Those that are planned, with what there is to say about them. */
const missing = { kafka: 'Kafka is not available yet: it comes with its adapter' };

export function serviceOf(name) {
  if (Object.hasOwn(services, name)) return services[name];
  const known = `the services are ${serviceNames.join(' and ')}`;
  throw new Error(missing[name] ?? `there is no service ${JSON.stringify(name)}: ${known}`);
}
