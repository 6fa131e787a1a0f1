/** What the doctor finds, and in which order it is told. Pure. */

/** `error`: events are lost, refused or not handled. `warning`: they may be. `info`: worth knowing. */
export type Severity = 'error' | 'warning' | 'info';

/** One thing that is not as it should be. */
export interface Finding {
  readonly severity: Severity;
  /** Stable, for filters: `topic-missing`. */
  readonly code: string;
  /** What it is about: a topic, a group, `connection`. */
  readonly about: string;
  /** What was seen. */
  readonly evidence: string;
  /** What to do. */
  readonly remedy: string;
}

const ORDER: readonly Severity[] = ['error', 'warning', 'info'];

/** The worst first. */
export function sorted(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}

/** Whether anything needs to be done. */
export function isIll(findings: readonly Finding[]): boolean {
  return findings.some(({ severity }) => severity !== 'info');
}
