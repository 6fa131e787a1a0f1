import { conformanceOf } from './testing/conformance.js';

for (const version of ['current', '2.9'] as const) {
  for (const persistence of ['persistent', 'ephemeral'] as const) await conformanceOf(version, persistence);
}
