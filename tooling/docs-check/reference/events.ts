/** The reference of the bus's events, from the types and comments of their source. */
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { page, table } from './page.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const source = `${root}packages/core/src/bus/bus-events.ts`;

/** One event of `bus.on`. */
export interface BusEvent {
  readonly name: string;
  readonly description: string;
  readonly type: string;
  readonly fields: readonly Field[];
}

interface Field {
  readonly name: string;
  readonly type: string;
  readonly description: string;
}

/** Every member of `BusEvents`, in the order of the source. */
export function busEvents(): BusEvent[] {
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram([source], { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(source);
  const all = file?.statements.find(
    (node): node is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(node) && node.name.text === 'BusEvents',
  );
  if (all === undefined) throw new Error(`${source} has no interface BusEvents`);
  return all.members.filter(ts.isMethodSignature).map((member) => {
    const type = member.parameters[0]?.type;
    if (type === undefined) throw new Error(`${member.getText()} has no payload`);
    const payload = checker.getTypeFromTypeNode(type);
    const own = commentOf(checker, checker.getSymbolAtLocation(member.name));
    const ofType = commentOf(checker, payload.aliasSymbol ?? payload.symbol);
    return {
      name: member.name.getText(),
      description: own === '' ? ofType : own,
      type: type.getText().startsWith('Record<') ? '{}' : type.getText(),
      fields: fieldsOf(checker, payload, member),
    };
  });
}

/** Fields of every member of a union, each once. */
function fieldsOf(checker: ts.TypeChecker, payload: ts.Type, at: ts.Node): Field[] {
  const variants = payload.isUnion() ? payload.types : [payload];
  const names = new Set(variants.flatMap((variant) => variant.getProperties().map(({ name }) => name)));
  return [...names].map((name) => {
    const symbols = variants.flatMap((variant) => variant.getProperty(name) ?? []);
    const types = symbols.map((symbol) => textOf(checker, checker.getTypeOfSymbolAtLocation(symbol, at)));
    const everywhere = symbols.length === variants.length;
    const all = [...new Set(types.flatMap((type) => type.split(' | ')))];
    const isOptional = !everywhere || all.includes('undefined');
    return {
      name: `${name}${isOptional ? '?' : ''}`,
      type: all.filter((one) => one !== 'undefined').join(' | '),
      description: symbols.map((symbol) => commentOf(checker, symbol)).find((text) => text !== '') ?? '',
    };
  });
}

const textOf = (checker: ts.TypeChecker, type: ts.Type) =>
  checker.typeToString(
    type,
    undefined,
    ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.UseSingleQuotesForStringLiteralType,
  );

function commentOf(checker: ts.TypeChecker, symbol: ts.Symbol | undefined): string {
  return symbol === undefined ? '' : ts.displayPartsToString(symbol.getDocumentationComment(checker));
}

/** The whole page. */
export function eventsPage(): string {
  const events = busEvents();
  return page(
    'Events of the bus',
    '`bus.on(event, listener)` adds a listener and returns a function that removes it. Listeners may be asynchronous. One that ' +
      'throws is logged, and disturbs neither the bus nor other listeners. Listeners of `reconnected` run one after another.',
    table(
      ['event', ''],
      events.map(({ name, description }) => [`[\`${name}\`](#${name.toLowerCase()})`, description]),
    ),
    ...events.flatMap(({ name, description, type, fields }) => [
      `## \`${name}\``,
      ...(description === '' ? [] : [description]),
      ...(fields.length === 0
        ? ['The listener gets an empty object.']
        : [
            `The listener gets a \`${type}\`:`,
            table(
              ['field', 'type', ''],
              fields.map((field) => [`\`${field.name}\``, `\`${field.type}\``, field.description]),
            ),
          ]),
    ]),
  );
}
