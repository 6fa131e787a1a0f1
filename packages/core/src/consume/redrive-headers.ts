/** A message that a redrive published: for which group, and what it asks. */
import { PARK_REQUEST_HEADER } from '../dead-letters/format.js';
import { redriveCommandOf } from '../dead-letters/park/redrive-command.js';
import { findHeader, headerText } from '../headers.js';
import { REDRIVE_GROUP_HEADER } from '../reserved-headers.js';
import type { Delivery } from './delivery.js';

/** Notes it in the delivery. Commands count for the group that they are addressed to alone. */
export function readRedrive(delivery: Delivery, group: string): void {
  const { headers } = delivery.incoming;
  if (headers.length === 0) return;
  const redrivenFor = findHeader(headers, REDRIVE_GROUP_HEADER);
  if (redrivenFor === undefined) return;
  delivery.redrivenFor = headerText(redrivenFor);
  if (delivery.redrivenFor !== group) return;
  delivery.command = redriveCommandOf(delivery.incoming);
  delivery.parks = findHeader(headers, PARK_REQUEST_HEADER) !== undefined;
}
