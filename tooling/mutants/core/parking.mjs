// Faults of parked keys.
import { inSuite, inUnit } from '../selections.mjs';

const park = 'packages/core/src/dead-letters/park';

/** @type {readonly import('../index.mjs').Mutant[]} */
export const parkingMutants = [
  {
    name: 'core: handles later events of a parked key',
    file: 'packages/core/src/consume/parking.ts',
    find: '    if (parked === undefined) return false;',
    replace: '    if (parked === undefined || delivery !== undefined) return false;',
    killedBy: inSuite('parked keys later events'),
    gate: true,
  },
  {
    name: 'core: begins before it knows which keys are parked',
    file: 'packages/core/src/consume/parking.ts',
    find: '    this.#isBegun = true;\n    this.reload();',
    replace: '    this.#isBegun = true;',
    killedBy: inSuite('parked keys the next instance'),
  },
  {
    name: 'core: does not look again at who has parked what when it takes over',
    file: 'packages/core/src/consume/intake.ts',
    find: '    this.failures = 0;\n    if (this.#stopped) return;\n    this.#works.parking?.reload();\n    this.#orders?.resumed(partition);',
    replace: '    this.failures = 0;\n    if (this.#stopped) return;\n    this.#orders?.resumed(partition);',
    killedBy: inSuite('parked keys a member that takes over'),
  },
  {
    name: 'core: does not look again who has parked what when others have settled what they held',
    file: 'packages/core/src/consume/intake.ts',
    find: '          works.parking?.reload();\n          this.#pass(deliveries);',
    replace: '          this.#pass(deliveries);',
    killedBy: inUnit('packages/conformance/src/simulation/parking.test.ts', 'on the lease broker'),
  },
  {
    name: 'core: writes a letter again that a process has written before it died',
    file: 'packages/core/src/consume/parking.ts',
    find: '    if (isKnown(parked, placeOf(position))) {',
    replace: '    if (parked === undefined) {',
    killedBy: inUnit('packages/core/src/consume/parking.test.ts'),
  },
  {
    name: 'core: forgets that a key is parked once a letter of it has failed again',
    file: 'packages/core/src/consume/key-redrive.ts',
    find: "    const note: ParkNote = { kind: 'handled', key, through: [...run.through.values()], count, ...more };",
    replace:
      "    if (delivery.incoming.position !== undefined) run.through.set('0', placeOf(delivery.incoming.position));\n    const note: ParkNote = { kind: 'handled', key, through: [...run.through.values()], count, ...more };",
    killedBy: inSuite('parked keys what fails again'),
  },
  {
    name: 'core: goes on with a key whose letter has failed again',
    file: 'packages/core/src/consume/runner.ts',
    find: '    if (delivery.redrive !== undefined) return redrives?.letterFailed(delivery, error);',
    replace:
      "    if (delivery.redrive !== undefined) return this.#options.finish(delivery, 'dead-lettered');",
    killedBy: inSuite('parked keys what fails again'),
  },
  {
    name: 'core: hands letters back in the order of the dead-letter topic, whatever was read first',
    file: `${park}/next-letters.ts`,
    find: '    while (index > 0 &&',
    replace: '    while (index > this.#letters.length &&',
    killedBy: inUnit(`${park}/next-letters.test.ts`),
  },
  {
    name: 'core: takes a letter that was handled for one that waits',
    file: `${park}/parked-key.ts`,
    find: '    if (last !== undefined && isAfter(last, through)) return true;',
    replace: '    if (last !== undefined) return true;',
    killedBy: inSuite('parked keys later events'),
  },
  {
    name: 'core: parks more keys than it may',
    file: 'packages/core/src/consume/parking.ts',
    find: '    if (this.#keys.size + this.#pending < maxParkedKeys) return undefined;',
    replace: '    if (maxParkedKeys > 0) return undefined;',
    killedBy: inSuite('parked keys beyond maxParkedKeys'),
  },
  {
    name: 'core: hands back letters that were deleted',
    file: `${park}/next-letters.ts`,
    find: '.filter(({ at }) => !this.#deleted.has(placeId(at)))',
    replace: '.filter(() => true)',
    killedBy: inSuite('parked keys keys, criteria'),
  },
];
