import { conformanceOf } from './testing/conformance.js';

await conformanceOf('current', 'persistent', undefined, 1, 'all');
