/** Runs groups of the conformance suite with a runner of its own, and collects the tests that fail. */
import { type GroupName, type Harness, runConformance } from '@ebus/conformance';

interface Test {
  readonly title: string;
  readonly body: () => Promise<void>;
}

export interface Failure {
  /** `group: title`. */
  readonly title: string;
  readonly message: string;
}

/** The tests that fail, among those whose title matches. */
export async function failingTests(
  harness: Harness,
  groups: readonly GroupName[],
  only = /^/,
): Promise<Failure[]> {
  const tests: Test[] = [];
  let group = '';
  const describe = (name: string, body: () => void) => {
    group = name;
    body();
  };
  const it = (title: string, body: () => Promise<void>) => {
    if (group === 'summary' || only.test(title)) tests.push({ title: `${group}: ${title}`, body });
  };
  await runConformance({ describe, it: Object.assign(it, { skip: () => {} }) }, harness, { groups });
  const failed: Failure[] = [];
  for (const { title, body } of tests)
    await body().catch((error: Error) => failed.push({ title, message: error.message }));
  return failed;
}
