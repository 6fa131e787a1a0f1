import { conformanceOf } from './testing/conformance.js';

// The groups that partitions change.
const groups = ['consumer groups', 'restart', 'crash', 'membership', 'browse', 'inspect', 'leases'] as const;

await conformanceOf('current', 'persistent', process.env.EBUS_ALL_GROUPS === '1' ? undefined : groups, 12);
