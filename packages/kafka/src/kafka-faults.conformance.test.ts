import { faultGroups } from '@ebus/conformance';
import { conformanceOf } from './testing/conformance.js';

// Ephemeral topics differ only in how long they are kept.
await conformanceOf('persistent', faultGroups);
