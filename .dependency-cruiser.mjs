// Who may import whom. Run by `pnpm deps` and `npm test`; explained in docs/architecture.md.
// The tables come first: to change a rule, change a table. Test files are exempt from all rules but "no cycles".

/**
 * The layers of packages/core/src, top first. A file imports from its own folder or from a lower layer; the folders of
 * one layer do not know each other. A name ending in `/` is a folder.
 */
const coreLayers = [
  ['index.ts', 'bus/', 'registry/', 'config/', 'events/'],
  ['publish/', 'consume/', 'topics/', 'connection/', 'health/', 'backlog/', 'inspect/'],
  ['dead-letters/'],
  ['pipeline/', 'keyed-pool/', 'envelope/', 'telemetry/'],
  ['driver/', 'metrics/'],
  // The ground floor: what no row above names. Its files may import each other.
  ['**'],
];

/** Imports allowed although the layers forbid them: [from, to, why]. */
const coreExceptions = [
  ['index.ts', '**', 'lists the public API'],
  ['bus/', 'registry/', 'finds the plug-in of a transport'],
  ['bus/', 'config/', 'turns configuration into parts'],
  ['config/', 'registry/', 'asks plug-ins for their part of the schema'],
  ['driver/index.ts', 'registry/', 'gives adapter authors definePlugin'],
];

/** Parts of a package that are an entry of their own, with imports of their own: [folder, allowed]. */
const partImports = [['memory/src/test-kit', ['@ebus/core', '@ebus/core/driver']]];

/** What each package may import besides its own files and Node: packages as written in an import. */
const packageImports = {
  core: ['zod', 'yaml', '@standard-schema/spec', '@opentelemetry/api'],
  memory: ['@ebus/core/driver'],
  kafka: ['@ebus/core/driver', '@confluentinc/kafka-javascript', 'kafkajs', '@platformatic/kafka', 'zod'],
  nats: ['@ebus/core/driver', '@nats-io/*', 'zod'],
  prometheus: ['@ebus/core', '@ebus/core/driver', 'prom-client'],
  'health-http': ['@ebus/core', '@ebus/core/driver'],
  fastify: ['@ebus/core', '@ebus/health-http', 'fastify'],
  nest: ['@ebus/core', '@nestjs/common', '@nestjs/core'],
  outbox: ['@ebus/core', '@ebus/core/driver', '@opentelemetry/api'],
  // The adapters are optional: they are imported when a configuration names them.
  cli: [
    '@ebus/core',
    '@ebus/core/driver',
    '@ebus/memory',
    '@ebus/nats',
    '@ebus/kafka',
    '@ebus/prometheus',
    '@ebus/health-http',
    '@ebus/health-http/console',
    'commander',
  ],
  conformance: ['@ebus/core', '@ebus/core/driver'],
};

// From here on: the tables made into rules.

const tests = '\\.test(-d)?\\.ts$|/testing/';
const core = 'packages/core/src/';
const literally = (text) => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
const upper = coreLayers.flat().filter((name) => name !== '**');

/** A regular expression for the files that a name of the tables stands for. */
function files(name) {
  if (name !== '**') return `^${core}${literally(name)}${name.endsWith('/') ? '' : '$'}`;
  return `^${core}(?!${upper.map((other) => literally(other) + (other.endsWith('/') ? '' : '$')).join('|')})`;
}

function layerRules() {
  return coreLayers.flatMap((layer, depth) => {
    const forbidden = new Set([...coreLayers.slice(0, depth).flat(), ...layer]);
    return layer.map((name) => ({
      name: `core: ${name === '**' ? 'the ground floor' : name} imports only from below`,
      comment:
        'Imports in core go downward, and the folders of one layer do not know each other (coreLayers).',
      severity: 'error',
      from: { path: files(name), pathNot: [tests, ...exceptedFiles(name)] },
      to: {
        path: [...forbidden].filter((other) => other !== name && !isAllowed(name, other)).map(files),
      },
    }));
  });
}

const isAllowed = (from, to) =>
  coreExceptions.some(([source, target]) => source === from && (target === '**' || target === to));

/** Files inside a folder that have a row of their own in coreExceptions, which `exceptedFileRules` covers. */
const exceptedFiles = (folder) =>
  coreExceptions
    .map(([from]) => from)
    .filter((from) => from !== folder && from.startsWith(folder))
    .map(files);

function exceptedFileRules() {
  const names = new Set(coreExceptions.map(([from]) => from).filter((from) => !upper.includes(from)));
  return [...names].map((name) => {
    const depth = coreLayers.findIndex((layer) => layer.some((folder) => name.startsWith(folder)));
    const home = coreLayers[depth].find((folder) => name.startsWith(folder));
    const forbidden = coreLayers.slice(0, depth + 1).flat();
    return {
      name: `core: ${name} imports only from below`,
      comment: 'Imports in core go downward; the exceptions for this file are in coreExceptions.',
      severity: 'error',
      from: { path: files(name) },
      to: { path: forbidden.filter((other) => other !== home && !isAllowed(name, other)).map(files) },
    };
  });
}

function packageRules() {
  const rows = [
    ...Object.entries(packageImports).map(([name, allowed]) => [`${name}/src`, allowed]),
    ...partImports,
  ];
  return rows.flatMap(([part, allowed]) => {
    const [name] = part.split('/');
    const parts = partImports.map(([folder]) => folder).filter((folder) => folder.startsWith(`${part}/`));
    const rule = (what, also, to) => ({
      name: `${part.replace(/\/src$/, '')}: imports only what the table lists${what}`,
      comment: `packages/${part} may import its own files, Node's modules and: ${[...allowed, ...also].join(', ')}.`,
      severity: 'error',
      from: {
        path: `^packages/${part}/`,
        pathNot: [tests, ...parts.map((folder) => `^packages/${folder}/`)],
      },
      to: {
        couldNotResolve: false,
        ...to,
        pathNot: [`^packages/${name}/src/`, ...[...allowed, ...also].flatMap(resolved)],
      },
    });
    return [
      rule('', [], { dependencyTypesNot: ['core', 'type-only'] }),
      // Types leave no trace at run time, and adapters add themselves to those of @ebus/core.
      rule(' (types)', ['@ebus/core'], { dependencyTypes: ['type-only'], dependencyTypesNot: ['core'] }),
    ];
  });
}

/** Where an import of that name ends up: in node_modules, or in the sources of this workspace. */
function resolved(name) {
  const workspace = /^@ebus\/([^/]+)(?:\/(.+))?$/.exec(name);
  if (workspace) {
    const [, folder, entry] = workspace;
    return [`^packages/${folder}/(src|dist)/${entry ? `${entry}/` : ''}index\\.(ts|d\\.ts|js)$`];
  }
  const pattern = literally(name).replace('\\*', '[^/]+');
  return [`node_modules/${pattern}/`, `^${pattern}($|/)`];
}

export default {
  forbidden: [
    {
      name: 'no cycles',
      comment: 'Two files that import each other are one file in two halves. Types may; values may not.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no cycles in core, of types either',
      comment: 'An interface in the lower of the two files says what it needs of the other.',
      severity: 'error',
      from: { path: `^${core}`, pathNot: tests },
      to: { circular: true, via: { path: `^${core}` } },
    },
    {
      name: 'everything resolves',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no test code in shipped code',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/', pathNot: tests },
      to: { path: tests },
    },
    ...[...layerRules(), ...exceptedFileRules()].filter((rule) => rule.to.path.length > 0),
    ...packageRules(),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(packages|examples)/[^/]+/dist/|\\.config\\.ts$' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'default'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
