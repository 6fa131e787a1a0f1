/** Deliberate misconfigurations on real brokers, and what the doctor has to say about each. */
import { expect } from 'vitest';
import type { Finding, Severity } from '../doctor/finding.js';
import { Workshop } from './recorded-io.js';

/** What is wrong, and the finding that tells it. */
export interface Misconfiguration {
  /** For the title of the test. */
  readonly wrong: string;
  readonly finding: readonly [code: string, severity: Severity, evidence: RegExp, remedy: RegExp];
}

/** The doctor's findings for a service with that configuration. */
export async function examined(
  config: object,
  { args = [], now }: { args?: readonly string[]; now?: () => number } = {},
): Promise<readonly Finding[]> {
  await using shop = await Workshop.with(config);
  const { out, err } = await shop.run(['doctor', '--json', ...args], now === undefined ? {} : { now });
  if (out === '') throw new Error(err);
  return JSON.parse(out) as Finding[];
}

/** @param about of the finding, or its first word: a topic */
export function expectFound(
  found: readonly Finding[],
  about: string,
  { finding: [code, severity, evidence, remedy] }: Misconfiguration,
): void {
  const told = found.filter((one) => one.about.split(' / ')[0] === about);
  expect(told).toContainEqual({
    code,
    severity,
    about: expect.any(String),
    evidence: expect.stringMatching(evidence),
    remedy: expect.stringMatching(remedy),
  });
}

/** The topic of the dead letters of a topic. */
export const lettersOf = (topic: string) => `${topic}.dlq`;

/** As `expectFound`, of a topic with the misconfiguration, or of its dead-letter topic where that has it. */
export function expectFoundOf(
  found: readonly Finding[],
  row: Misconfiguration & { readonly topic: string; readonly letters?: unknown },
): void {
  const { letters, topic } = row;
  expectFound(found, letters === undefined ? topic : lettersOf(topic), row);
}

/** Those that ask for something to be done. */
export const serious = (found: readonly Finding[]) => found.filter(({ severity }) => severity !== 'info');
