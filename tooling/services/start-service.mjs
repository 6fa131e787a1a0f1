// Starts a service for a program: by an address that the environment gives, or as local processes.
import { startKeeper } from './keeper/start-keeper.mjs';
import * as nats from './nats/nats.mjs';

const services = { nats };

const say = (line) => console.error(`[services] ${line}`);

/** @type {typeof import('./index.mjs').startService} */
export async function startService(name, options = {}) {
  const service = services[name];
  const log = options.log ?? say;
  const variable = service.addressVariable(options);
  const given = variable === undefined ? undefined : process.env[variable];
  if (given) return givenService(name, variable, given, log);

  const plan = await service.plan(options, log);
  const keeper = startKeeper();
  let described;
  try {
    described = await keeper.call('start', plan);
  } catch (error) {
    await keeper.call('close').catch(() => {});
    throw error;
  }
  const { version, addresses, monitoring, source, folder } = described;
  log(`${name} ${version}, ${source}: ${addresses.join(', ')}`);
  const on =
    (method) =>
    (node = 1) =>
      keeper.call(method, node);
  let closed;
  const close = () => {
    closed ??= keeper.call('close').catch(() => {});
    return closed;
  };
  return {
    name,
    how: 'process',
    source,
    version,
    addresses,
    monitoring,
    folder,
    kill: on('kill'),
    stop: on('stop'),
    restart: on('restart'),
    pause: on('pause'),
    resume: on('resume'),
    log: on('log'),
    pids: () => keeper.call('pids'),
    close,
    [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: close,
  };
}

function givenService(name, variable, value, log) {
  const addresses = value.split(',').map((address) => address.trim());
  const refuse = async () => {
    throw new Error(`${name} is given by ${variable}: ask for one of your own, { own: true }, to do that`);
  };
  log(`${name} given by ${variable}: ${addresses.join(', ')}`);
  const close = async () => {};
  return {
    name,
    how: 'environment',
    source: variable,
    version: undefined,
    addresses,
    monitoring: [],
    folder: undefined,
    kill: refuse,
    stop: refuse,
    restart: refuse,
    pause: refuse,
    resume: refuse,
    log: refuse,
    pids: refuse,
    close,
    [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: close,
  };
}
