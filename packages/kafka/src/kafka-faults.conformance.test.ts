import { conformanceOf } from './testing/conformance.js';

// Ephemeral topics differ only in how long they are kept. Several files, so that they run side by side: see `kafka-states`.
await conformanceOf('persistent', ['crash', 'receipts', 'reconnecting']);
