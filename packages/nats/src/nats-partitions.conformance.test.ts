import { conformanceOf } from './testing/conformance.js';

// The groups that partitions change.
await conformanceOf(
  'current',
  'persistent',
  ['consumer groups', 'restart', 'crash', 'membership', 'browse', 'inspect', 'leases'],
  12,
);
