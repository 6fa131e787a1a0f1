/**
 * On Kafka an ephemeral topic differs from a persistent one in its retention alone: the groups that could see that. All of them
 * with `EBUS_ALL_GROUPS=1`.
 */
import { commonGroups, type GroupName } from '@ebus/conformance';
import { conformanceOf } from './testing/conformance.js';

const groups: readonly GroupName[] = [
  'publishing',
  'publish outcomes',
  'unordered delivery',
  'ordered delivery',
  'start positions',
  'tombstones',
  'dead letters',
  'redrive',
  'browse',
  'closing subscriptions',
  'topics',
  'topic settings',
  'unconfigured topics',
  'lag',
];

await conformanceOf('ephemeral', process.env.EBUS_ALL_GROUPS === '1' ? commonGroups : groups);
