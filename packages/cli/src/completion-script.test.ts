import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { completionScript, SHELLS, wordsOf } from './completion-script.js';
import { describedProgram } from './run.js';

const words = wordsOf(describedProgram());
const hasBash = spawnSync('bash', ['-c', 'true']).status === 0;

describe('completions', () => {
  it('know every command and its options', () => {
    const list = (path: string) => words.get(path)?.map(({ word }) => word);
    expect(list('')).toEqual(expect.arrayContaining(['topics', 'dlq', 'doctor', '--config', '--help']));
    expect(list('dlq')).toEqual(expect.arrayContaining(['list', 'redrive']));
    expect(list('dlq redrive')).toEqual(expect.arrayContaining(['--all', '--yes', '--json']));
    expect(list('completions')).toEqual(expect.arrayContaining([...SHELLS]));
  });

  it.each(SHELLS)('are a script for %s that names them', (shell) => {
    const script = completionScript(shell, words);
    for (const word of ['dlq redrive', 'topics plan', 'dry-run']) expect(script).toContain(word);
  });

  it.runIf(hasBash)('complete in bash', () => {
    const complete = (...line: string[]) => {
      const typed = line.map((word) => `'${word}'`).join(' ');
      const ask = `COMP_WORDS=(${typed}); COMP_CWORD=${line.length - 1}; _ebus; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const script = `${completionScript('bash', words)}\n${ask}`;
      return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout.trim().split('\n');
    };
    expect(complete('ebus', 'to')).toEqual(['topics']);
    expect(complete('ebus', 'topics', 'pl')).toEqual(['plan']);
    expect(complete('ebus', 'dlq', 'redrive', 'shop.orders', '--dry')).toEqual(['--dry-run']);
    expect(complete('ebus', '--config', 'a.yaml', 'dlq', 'redr')).toEqual(['redrive']);
  });
});
