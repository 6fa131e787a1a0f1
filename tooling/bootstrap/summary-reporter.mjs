// A vitest reporter that writes what `npm test` sums up: counts, the reasons of skips, and what failed outside a test.
import { writeFileSync } from 'node:fs';

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours of a terminal begin with one.
const ANSI = /\u001b\[[\d;]*m/g;
const REASON_LINES = 12;
const REASON_WIDTH = 160;

/**
 * Why a test was skipped: `context.skip(reason)`, or `# skipped: reason` at the end of its title. What the conformance
 * suite cannot prove says so instead.
 */
function skipReason(testCase) {
  const note = testCase.result().note ?? testCase.meta().skipReason;
  return (
    note ??
    /# skipped: (.+)$|# (not proven: .+)$/.exec(testCase.fullName)?.slice(1).find(Boolean) ??
    'no reason given'
  );
}

/** What a reader of the last lines alone needs: the message, and what was compared. */
function reason(errors) {
  const [{ message = '', diff = '' } = {}] = errors;
  const lines = `${message}\n${diff}`.replaceAll(ANSI, '').split('\n');
  const shown = lines.filter((line) => line.trim() !== '').slice(0, REASON_LINES);
  return shown.map((line) => `\n    ${line.slice(0, REASON_WIDTH)}`).join('');
}

export default class SummaryReporter {
  onTestRunEnd(testModules, unhandledErrors) {
    const summary = { passed: 0, failed: 0, knownToFail: [], skipped: [], failures: [] };
    for (const testModule of testModules) {
      for (const testCase of testModule.children.allTests()) {
        const { state } = testCase.result();
        const name = `${testModule.relativeModuleId} > ${testCase.fullName}`;
        const known = / # known to fail: (.+)$/.exec(testCase.fullName)?.[1];
        if (state === 'passed' && known !== undefined) summary.knownToFail.push({ name, reason: known });
        if (state === 'passed') summary.passed += 1;
        else if (state === 'failed') summary.failures.push(name + reason(testCase.result().errors));
        else summary.skipped.push({ name, reason: skipReason(testCase) });
      }
      // A file that does not load, or a hook that throws, has no failed test to show for it.
      const broken = [testModule, ...testModule.children.allSuites()].filter(
        (suite) => suite.errors().length > 0,
      );
      for (const suite of broken) {
        summary.failures.push(
          `${testModule.relativeModuleId}${suite === testModule ? '' : ` > ${suite.fullName}`}${reason(suite.errors())}`,
        );
      }
    }
    for (const error of unhandledErrors) {
      summary.failures.push(`outside any test: ${error.message ?? String(error)}`);
    }
    summary.failed = summary.failures.length;
    writeFileSync(process.env.EBUS_TEST_SUMMARY, JSON.stringify(summary));
  }
}
