import { conformanceOf } from './testing/conformance.js';

// The groups that partitions change. What a lease is for, the suite shows on one consumer for all members.
await conformanceOf(
  'current',
  'persistent',
  ['consumer groups', 'restart', 'crash', 'membership', 'browse', 'inspect'],
  12,
);
