import { faultGroups } from '@ebus/conformance';
import { conformanceOf } from './testing/conformance.js';

for (const persistence of ['persistent', 'ephemeral'] as const)
  await conformanceOf('current', persistence, faultGroups);
