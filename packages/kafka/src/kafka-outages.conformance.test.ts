import { conformanceOf } from './testing/conformance.js';

await conformanceOf('persistent', ['outages']);
