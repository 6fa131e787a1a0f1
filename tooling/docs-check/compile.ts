/** Type-checks code blocks against the sources of this workspace, with its own compiler options. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { type CodeBlock, isContinued } from './code-blocks.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const here = fileURLToPath(new URL('./', import.meta.url));
const prelude = join(here, 'prelude.d.ts');

/** One TypeScript module made of code blocks. */
interface Module {
  readonly markdown: string;
  /** Every line of code stands at the line that it has in the Markdown file. */
  readonly lines: string[];
}

/** What the compiler says, one line a problem, at the line of the Markdown file. */
export function compile(blocks: readonly CodeBlock[]): string[] {
  // They pretend to be here, where the packages that the documentation imports are installed.
  const modules = new Map(toModules(blocks).map((module, i) => [join(here, `${i}.mts`), module]));
  const options = compilerOptions();
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => modules.has(file) || fileExists.call(host, file);
  host.readFile = (file) => textOf(modules.get(file)) ?? readFile.call(host, file);
  host.getSourceFile = (file, languageVersion, ...rest) => {
    const text = textOf(modules.get(file));
    return text === undefined
      ? getSourceFile.call(host, file, languageVersion, ...rest)
      : ts.createSourceFile(file, text, languageVersion, true, ts.ScriptKind.TS);
  };
  const program = ts.createProgram([prelude, ...modules.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => place(diagnostic, modules));
}

/** Every block is a module of its own, except that a `ts continued` block goes on with the one before it. */
function toModules(blocks: readonly CodeBlock[]): Module[] {
  const modules: Module[] = [];
  for (const block of blocks) {
    const last = modules.at(-1);
    const goesOn = isContinued(block) && last?.markdown === block.file;
    const module = goesOn ? last : { markdown: block.file, lines: [] };
    if (module !== last) modules.push(module);
    while (module.lines.length < block.line - 1) module.lines.push('');
    module.lines.push(...block.code.split('\n'));
  }
  return modules;
}

function textOf(module: Module | undefined): string | undefined {
  return module === undefined ? undefined : [...module.lines, 'export {};', ''].join('\n');
}

function compilerOptions(): ts.CompilerOptions {
  const { config, error } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  if (error !== undefined) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, '\n'));
  return { ...ts.parseJsonConfigFileContent(config, ts.sys, root).options, noEmit: true };
}

function place(diagnostic: ts.Diagnostic, modules: ReadonlyMap<string, Module>): string {
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
  const { file, start } = diagnostic;
  if (file === undefined) return text;
  const line = file.getLineAndCharacterOfPosition(start ?? 0).line + 1;
  return `${modules.get(file.fileName)?.markdown ?? file.fileName}:${line}: ${text}`;
}
