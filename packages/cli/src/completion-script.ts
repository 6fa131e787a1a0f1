/** Scripts by which shells complete the command. Pure, and made from the commands themselves. */
import type { Command } from 'commander';

/** Shells that are supported. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
/** One of them. */
export type Shell = (typeof SHELLS)[number];

/** A word that may come next, and its meaning. */
export interface Word {
  readonly word: string;
  readonly means: string;
}

/** By the commands before: `dlq` has `list`, `--help` and so on. */
export type Words = ReadonlyMap<string, readonly Word[]>;

/** The words of each command, by its path: names of commands inside, shells, its own options and those of every command. */
export function wordsOf(program: Command): Words {
  const all = new Map<string, readonly Word[]>();
  const globals = [...optionsOf(program), { word: '--help', means: 'help for the command' }];
  const add = (command: Command, path: string) => {
    const inside = command.commands.map((one) => ({ word: one.name(), means: one.description() }));
    const shells = path === 'completions' ? SHELLS.map((word) => ({ word, means: `for ${word}` })) : [];
    const own = command === program ? [] : optionsOf(command);
    all.set(path, [...inside, ...shells, ...own, ...globals]);
    for (const one of command.commands) add(one, `${path} ${one.name()}`.trim());
  };
  add(program, '');
  return all;
}

function optionsOf({ options }: Command): Word[] {
  return options.flatMap(({ long, description }) =>
    typeof long === 'string' ? [{ word: long, means: description }] : [],
  );
}

/** The script for one shell, as it is sourced. It holds all words: completing runs nothing. */
export function completionScript(shell: Shell, words: Words): string {
  return { bash, zsh, fish }[shell](words);
}

function bash(words: Words): string {
  const list = (all: readonly Word[]) => `words='${all.map(({ word }) => word).join(' ')}'`;
  return `# ebus completions bash
_ebus() {
  local at='' word words=''
${following(words, `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`, list)}
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _ebus ebus
`;
}

function zsh(words: Words): string {
  const list = (all: readonly Word[]) =>
    `list=(${all.map(({ word, means }) => quoted(`${word}:${means}`)).join(' ')})`;
  return `#compdef ebus
# ebus completions zsh
_ebus() {
  local at='' word
  local -a list
${following(words, `"\${(@)words[2,CURRENT-1]}"`, list)}
  _describe 'ebus' list || _files
}
compdef _ebus ebus
`;
}

/**
 * For bash and zsh: follows the words before the present one to a command, and takes its list. Any other word is an argument,
 * and changes nothing.
 * @param before the shell's expression for those words
 * @param list the assignment of a command's words
 */
function following(words: Words, before: string, list: (all: readonly Word[]) => string): string {
  return `  for word in ${before}; do
    case "\${at:+$at }$word" in
      ${pathsOf(words).join('|')}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at" in
${[...words].map(([path, all]) => `    '${path}') ${list(all)} ;;`).join('\n')}
  esac`;
}

function fish(words: Words): string {
  const lines = [...words].flatMap(([path, list]) => {
    const here = `'test "$(__ebus_at)" = "${path}"'`;
    return list.map(({ word, means }) => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`;
      return `complete -c ebus -n ${here} ${what} -d ${quoted(means)}`;
    });
  });
  return `# ebus completions fish
function __ebus_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    set -l next (string trim -- "$at $word")
    switch "$next"
      case ${pathsOf(words).join(' ')}
        set at $next
    end
  end
  echo $at
end
${lines.join('\n')}
`;
}

const pathsOf = (words: Words) => [...words.keys()].filter((path) => path !== '').map(quoted);

/** Within apostrophes, for all three shells: of those within, typographic ones are made. */
const quoted = (text: string) => `'${text.replaceAll("'", '\u2019')}'`;
