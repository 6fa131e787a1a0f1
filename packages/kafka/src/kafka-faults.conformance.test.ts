import { conformanceOf } from './testing/conformance.js';

// Ephemeral topics differ only in how long they are kept. Two files, so that they run side by side.
await conformanceOf('persistent', ['crash', 'receipts', 'reconnecting', 'outages']);
