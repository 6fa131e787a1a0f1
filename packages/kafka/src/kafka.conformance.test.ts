import { commonGroups } from '@ebus/conformance';
import { conformanceOf, failureGroups } from './testing/conformance.js';

await conformanceOf(
  'persistent',
  commonGroups.filter((name) => !failureGroups.includes(name)),
);
