import { conformanceOf } from './testing/conformance.js';

await conformanceOf('persistent', ['process end', 'permissions']);
