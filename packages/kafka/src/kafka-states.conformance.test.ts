import { faultGroups } from '@ebus/conformance';
import { conformanceOf } from './testing/conformance.js';

// What the files beside it leave over.
const others = ['crash', 'receipts', 'reconnecting', 'outages', 'process end', 'permissions'];
await conformanceOf(
  'persistent',
  faultGroups.filter((name) => !others.includes(name)),
);
