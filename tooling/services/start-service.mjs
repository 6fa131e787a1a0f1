// Starts a service for a program in the first way that works: an address from the environment, containers, local
// processes.
import { dockerEngine, pullImage } from './docker.mjs';
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
  const { source, version } = await findWay(name, options, options.log ?? say);
  return { source, version };
}

/** @type {typeof import('./index.mjs').serviceProblem} */
export async function serviceProblem(name, options) {
  try {
    await prepareService(name, options);
    return undefined;
  } catch (error) {
    return error.message;
  }
}

/** Starts a service under a keeper; what the environment gives is not looked at. */
export async function startKept(name, options, log) {
  const plan = await findWay(name, options, log);
  const keeper = startKeeper();
  try {
    return { keeper, described: await keeper.call('start', plan) };
  } catch (error) {
    await keeper.call('close').catch(() => {});
    throw error;
  }
}

/** What the keeper needs to run a service: in containers where an engine answers, else as local processes. */
async function findWay(name, options, log) {
  const service = serviceOf(name);
  const plan = { service: name, ...service.common(options) };
  const problems = [];
  try {
    const image = service.image(options);
    const engine = await dockerEngine();
    await pullImage(image, log);
    return {
      ...plan,
      how: 'docker',
      image,
      version: /:([\d.]+)/.exec(image)?.[1],
      source: `${image} in docker ${engine}`,
    };
  } catch (error) {
    problems.push(error.message);
  }
  try {
    return { ...plan, how: 'process', ...(await service.local(options, log)) };
  } catch (error) {
    problems.push(
      ...(error instanceof AggregateError ? error.errors : [error]).map(({ message }) => message),
    );
  }
  const { version = '' } = options;
  const variable = service.addressVariable(options);
  const advice = variable === undefined ? '' : `, or give the address of one in ${variable}`;
  throw new Error(
    `no ${[name, version].join(' ').trim()} to be had; make one of these work${advice}:\n` +
      problems.map((text) => `  - ${text}`).join('\n'),
  );
}

function addressGiven(name, options) {
  const variable = serviceOf(name).addressVariable(options);
  const value = variable === undefined ? undefined : process.env[variable];
  if (!value || value.split(',').length < (options.nodes ?? 1)) return undefined;
  return { variable, value };
}
