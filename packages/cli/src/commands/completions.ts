/** `ebus completions`: a script that lets a shell complete commands and options. */
import { Argument, type Command } from 'commander';
import { completionScript, SHELLS, type Shell, wordsOf } from '../completion-script.js';
import type { Context } from '../run.js';

/** Adds `completions <shell>`: prints the script. It reads no configuration, and connects to nothing. */
export function addCompletions(program: Command, { io }: Context): void {
  program
    .command('completions')
    .description('a script that lets a shell complete the command: source <(ebus completions bash)')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action((shell: Shell) => io.out(completionScript(shell, wordsOf(program))));
}
