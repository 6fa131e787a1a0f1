import { commonGroups } from '@ebus/conformance';
import { conformanceOf } from './testing/conformance.js';

await conformanceOf('persistent', commonGroups);
