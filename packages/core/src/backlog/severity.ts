/** How bad a backlog is: pure decisions. */
import type { BacklogSeverity } from './types.js';

/** A limit of 0 or less is off, and nothing is a share of it. Never above 1. */
export function ratioOf(value: number, limit: number): number {
  return limit > 0 ? Math.min(1, Math.max(0, value / limit)) : 0;
}

/** It warns while the limit is approached: at 1 it is reached. */
export function severityOf(ratio: number): BacklogSeverity {
  if (ratio >= 0.9) return 'CRITICAL';
  if (ratio >= 0.7) return 'HIGH';
  if (ratio >= 0.5) return 'MEDIUM';
  return ratio >= 0.3 ? 'LOW' : 'NORMAL';
}

const STATES = { NORMAL: 0, LOW: 0, MEDIUM: 1, HIGH: 1, CRITICAL: 2 } as const;

/** The metric `backlog_state`: 0 normal, 1 warning, 2 critical. */
export function stateOf(severity: BacklogSeverity): 0 | 1 | 2 {
  return STATES[severity];
}
