// Tests that mutants name.

/** @returns {import('./index.mjs').TestSelection} a group of the conformance suite, or one test of it, on the memory transport */
export function inSuite(title) {
  const file = 'packages/memory/src/memory.conformance.test.ts';
  return { file, project: 'unit', title: `\\(persistent topics\\) ${title}` };
}

/** @returns {import('./index.mjs').TestSelection} the same on Kafka */
export function inKafka(title) {
  const file = 'packages/kafka/src/kafka.conformance.test.ts';
  return { file, project: 'int', title: `\\(persistent topics\\) ${title}` };
}

/** @returns {import('./index.mjs').TestSelection} the same on NATS, for topics of that persistence */
export function inNats(title, persistence = 'persistent') {
  const file = 'packages/nats/src/nats.conformance.test.ts';
  return { file, project: 'int', title: `\\(${persistence} topics\\) ${title}` };
}

/** @returns {import('./index.mjs').TestSelection} a unit test file, or the tests of a title in it */
export function inUnit(file, title) {
  return { file, project: 'unit', ...(title === undefined ? {} : { title }) };
}

/** @returns {import('./index.mjs').TestSelection} the first seeds of the simulation of core on that broker, `log`, `lease` or `parted` */
export function inSimulation(broker) {
  const file = 'packages/conformance/src/simulation/simulation.test.ts';
  return { file, project: 'unit', title: `simulation of core on the ${broker} broker keeps` };
}

/** @returns {import('./index.mjs').TestSelection} one seed of the simulation that is kept */
export function inKeptSeed(seed, broker) {
  const file = 'packages/conformance/src/simulation/simulation.test.ts';
  return { file, project: 'unit', title: `seeds that have broken something ${seed} on the .?${broker}` };
}
