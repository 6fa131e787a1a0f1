import { faultGroups } from '@ebus/conformance';
import { conformanceOf } from './testing/conformance.js';

// What `kafka-faults` leaves over.
const others = ['crash', 'receipts', 'reconnecting', 'outages'];
await conformanceOf(
  'persistent',
  faultGroups.filter((name) => !others.includes(name)),
);
