// Starts a service for a program, in the first way that works: an address from the environment, or local processes.
import { startKeeper } from './keeper/start-keeper.mjs';
import { givenService, keptService } from './service-handle.mjs';
import { serviceOf } from './services.mjs';

/** Inside a vitest run its set-up has said already what there is; a worker would repeat it for each test. */
const say = (line) => process.env.EBUS_SERVICES ?? console.error(`[services] ${line}`);

/** @type {typeof import('./index.mjs').startService} */
export async function startService(name, options = {}) {
  const log = options.log ?? say;
  const given = addressGiven(name, options);
  if (given !== undefined) {
    log(`${name} given by ${given.variable}: ${given.value}`);
    return givenService(name, given.variable, given.value);
  }
  const { keeper, described } = await startKept(name, options, log);
  log(`${name} ${described.version}, ${described.source}: ${described.addresses.join(', ')}`);
  return keptService(keeper, described);
}

/** @type {typeof import('./index.mjs').prepareService} */
export async function prepareService(name, options = {}) {
  const given = addressGiven(name, options);
  if (given !== undefined) return { source: given.variable, version: undefined };
  const { source, version } = await serviceOf(name).plan(options, options.log ?? say);
  return { source, version };
}

/** Starts a service under a keeper; what the environment gives is not looked at. */
export async function startKept(name, options, log) {
  const plan = await serviceOf(name).plan(options, log);
  const keeper = startKeeper();
  try {
    return { keeper, described: await keeper.call('start', plan) };
  } catch (error) {
    await keeper.call('close').catch(() => {});
    throw error;
  }
}

function addressGiven(name, options) {
  const variable = serviceOf(name).addressVariable(options);
  const value = variable === undefined ? undefined : process.env[variable];
  if (!value || value.split(',').length < (options.nodes ?? 1)) return undefined;
  return { variable, value };
}
