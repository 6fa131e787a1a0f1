// The services there are. Each is a folder with what decides how to run it (<name>.mjs) and what runs it (launch.mjs).
import * as kafka from './kafka/kafka.mjs';
import * as nats from './nats/nats.mjs';
import * as postgres from './postgres/postgres.mjs';

const services = { nats, postgres, kafka };

/** Those that can be started. */
export const serviceNames = Object.keys(services);

export function serviceOf(name) {
  if (Object.hasOwn(services, name)) return services[name];
  const known = `the services are ${serviceNames.join(', ')}`;
  throw new Error(`there is no service ${JSON.stringify(name)}: ${known}`);
}
