/** Starts with the test files that wait longest, so that the short ones fill the gaps they leave. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The first that fits counts. */
const LONGEST_FIRST = [
  /kafka.*\.conformance\.test\.ts$/,
  /conformance(\.int)?\.test\.ts$/,
  /kafka.*\.int\.test\.ts$/,
  /\.int\.test\.ts$|examples\/flights-/,
];

const rank = ({ moduleId }: TestSpecification): number => {
  const found = LONGEST_FIRST.findIndex((pattern) => pattern.test(moduleId));
  return found === -1 ? LONGEST_FIRST.length : found;
};

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
