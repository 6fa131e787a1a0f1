// What a program holds of a service: by a keeper that it talks to, or by an address that it was given.

/**
 * @param {ReturnType<typeof import('./keeper/start-keeper.mjs').startKeeper>} keeper
 * @param {object} described what the keeper says about the service that it has started
 * @returns {import('./index.mjs').Service}
 */
export function keptService(keeper, { service, how, source, version, addresses, monitoring, folder }) {
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
    ...{ name: service, how, source, version, addresses, monitoring, folder },
    kill: on('kill'),
    stop: on('stop'),
    restart: on('restart'),
    pause: on('pause'),
    resume: on('resume'),
    log: on('log'),
    pids: () => keeper.call('pids'),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** @returns {import('./index.mjs').Service} one that this program may use, and nothing else */
export function givenService(name, variable, value) {
  const refuse = async () => {
    throw new Error(`${name} is given by ${variable}; for this, start one of your own: { own: true }`);
  };
  const close = async () => {};
  return {
    ...{ name, how: 'environment', source: variable, version: undefined, monitoring: [], folder: undefined },
    addresses: value.split(',').map((address) => address.trim()),
    kill: refuse,
    stop: refuse,
    restart: refuse,
    pause: refuse,
    resume: refuse,
    log: refuse,
    pids: refuse,
    close,
    [Symbol.asyncDispose]: close,
  };
}
