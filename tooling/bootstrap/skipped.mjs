// What was skipped, for people: a line for each reason, and for a suite that every adapter runs the suites, not their hundreds of tests.

const SHOWN = 5;
const NOT_PROVEN = 'not proven: the harness offers no ';

/**
 * @param {readonly { name: string, reason: string }[]} skipped `file > suite > … > test`, and why
 * @returns {string[]} lines of plain text
 */
export function skippedLines(skipped) {
  const unproven = skipped.filter(({ reason }) => reason.startsWith(NOT_PROVEN));
  const others = skipped.filter(({ reason }) => !reason.startsWith(NOT_PROVEN));
  const byReason = grouped(others.map(({ name, reason }) => [reason, name]));
  const lines = [...byReason].flatMap(([reason, names]) => [
    `skipped ${names.length}: ${reason}`,
    ...shortened(names),
  ]);
  const byAbility = grouped(
    unproven.flatMap(({ name, reason }) =>
      reason
        .slice(NOT_PROVEN.length)
        .split(', ')
        .map((ability) => [ability, name]),
    ),
  );
  if (byAbility.size === 0) return lines;
  lines.push(`not proven ${unproven.length}: harnesses offer no`);
  for (const [ability, names] of [...byAbility].sort(([a], [b]) => a.localeCompare(b)))
    lines.push(`    ${ability}: ${counts(names).join(', ')}`);
  return lines;
}

/** Tests by their names, those of a suite that every adapter runs by its name. */
function shortened(names) {
  const tests = names.filter((name) => !isOfSuite(name));
  const shown = tests.slice(0, SHOWN).map((name) => `    ${name}`);
  if (tests.length > SHOWN) shown.push(`    and ${tests.length - SHOWN} more`);
  return [...shown, ...counts(names.filter(isOfSuite)).map((line) => `    ${line}`)];
}

const suiteOf = (name) => name.split(' > ')[1] ?? name;
const isOfSuite = (name) => suiteOf(name).startsWith('conformance of ');

function counts(names) {
  const bySuite = grouped(names.map((name) => [suiteOf(name), name]));
  return [...bySuite].map(([suite, of]) => `${of.length} of ${suite.replace('conformance of ', '')}`);
}

function grouped(pairs) {
  const groups = new Map();
  for (const [key, value] of pairs) {
    const of = groups.get(key);
    if (of === undefined) groups.set(key, [value]);
    else of.push(value);
  }
  return groups;
}
