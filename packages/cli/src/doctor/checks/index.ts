/** All checks of the doctor, in the order of the documentation. */
import type { Check } from '../check.js';
import { brokerChecks } from './broker.js';
import { configuredChecks } from './configured.js';
import { consumerChecks } from './consumers.js';
import { deadLetterChecks } from './dead-letters.js';
import { groupChecks } from './groups.js';
import { keepingChecks } from './keeping.js';
import { permissionChecks } from './permissions.js';
import { publishingChecks } from './publishing.js';
import { replicaChecks } from './replicas.js';
import { setupChecks } from './setup.js';

/** All checks, in the order of the documentation. Findings are sorted by severity later. */
export const CHECKS: readonly Check[] = [
  ...setupChecks,
  ...permissionChecks,
  ...brokerChecks,
  ...configuredChecks,
  ...keepingChecks,
  ...publishingChecks,
  ...replicaChecks,
  ...groupChecks,
  ...consumerChecks,
  ...deadLetterChecks,
];
