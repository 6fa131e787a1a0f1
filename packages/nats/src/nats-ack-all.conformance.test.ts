import { conformanceOf } from './testing/conformance.js';

// The groups that settling by prefix changes.
const groups = [
  ...(['ordered delivery', 'dead letters', 'redrive', 'halt'] as const),
  ...(['restart', 'crash', 'leases', 'membership'] as const),
];

await conformanceOf(
  'current',
  'persistent',
  process.env.EBUS_ALL_GROUPS === '1' ? undefined : groups,
  1,
  'all',
);
