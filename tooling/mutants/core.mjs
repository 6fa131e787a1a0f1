// Faults of core.
import { consumingMutants } from './core/consuming.mjs';
import { drivingMutants } from './core/driving.mjs';
import { parkingMutants } from './core/parking.mjs';
import { publishingMutants } from './core/publishing.mjs';
import { simulatedMutants } from './core/simulated.mjs';
import { tracingMutants } from './core/tracing.mjs';

/** @type {readonly import('./index.mjs').Mutant[]} */
export const coreMutants = [
  ...publishingMutants,
  ...consumingMutants,
  ...drivingMutants,
  ...parkingMutants,
  ...simulatedMutants,
  ...tracingMutants,
];
