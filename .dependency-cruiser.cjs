/** Which file may import which: no circles, the arrows between the rooms of src, and what is private to a room. Part of `npm run check`. */

/**
 * Room of src -> what its files may import besides each other: rooms, or single files of a room. The files directly in src (errors.ts,
 * log.ts …) are for everybody but `wire`, which is bytes alone. src/main.ts and src/cli put it all together and may see every room.
 */
const rooms = {
  wire: [],
  settings: [],
  media: [],
  rewriter: [],
  pace: [],
  storage: ['media', 'settings'],
  providers: ['ledger', 'pace', 'storage', 'media', 'settings'],
  ledger: ['engine', 'pace', 'providers', 'storage'],
  calls: ['ledger', 'providers', 'pace', 'storage', 'media'],
  // Towards the engine the gateway is a client, and asks for TLS as one.
  // The overloads of the AI functions come from the rewriter's list.
  engine: ['wire/startup', 'rewriter/ai-function-sql'],
  callback: [
    'wire',
    'engine',
    'calls',
    'ledger',
    'providers',
    'pace',
    'storage',
    'media',
    'settings',
    'frontend',
  ],
  frontend: ['wire', 'engine', 'rewriter'],
  metrics: ['engine', 'calls', 'pace', 'settings'],
  doors: ['settings', 'media'],
  console: ['wire', 'storage', 'settings', 'media', 'ledger/states'],
};

const roomRules = Object.entries(rooms).map(([room, others]) =>
  rule(`room-${room}`, {
    comment: `src/${room} imports only ${[room, ...others].join(', ')}${room === 'wire' ? '' : ' and the files directly in src'}`,
    from: { path: `^src/${room}/` },
    to: {
      path: '^(src|test)/',
      pathNot: [
        `^src/(${[room, ...others].join('|')})[/.]`,
        ...(room === 'wire' ? [] : ['^src/[^/]+\\.ts$']),
      ],
    },
  }),
);

const privateRules = [
  rule('drivers-are-private', {
    comment:
      'a provider or store is known to its own folder and to the list of drivers; the others know the port',
    from: { path: '^src/', pathNot: ['^src/cli/', '^src/(providers|storage)/(drivers\\.ts$|[^/]+/)'] },
    to: { path: '^src/(providers|storage)/[^/]+/' },
  }),
  rule('drivers-do-not-know-each-other', {
    from: { path: '^src/(providers|storage)/([^/]+)/' },
    to: { path: '^src/(providers|storage)/[^/]+/', pathNot: '^src/$1/$2/' },
  }),
  rule('page-knows-the-answers-only', {
    comment: 'the console’s page runs in the browser: of the server it knows the types of its answers',
    from: { path: '^src/console/page/' },
    to: { path: '^src/', pathNot: '^src/console/(page/|server/answers\\.ts$)' },
  }),
  rule('answers-are-types', {
    comment: 'the page imports this file, so it must bring nothing of the server along',
    from: { path: '^src/console/server/answers\\.ts$' },
    to: { path: '^src/', dependencyTypesNot: ['type-only'] },
  }),
  rule('sandbox-stands-alone', {
    comment: 'the sandbox stands in for the cloud, so it shares no code with what is tried on it',
    from: { path: '^sandbox/' },
    to: { path: '^(src|test)/' },
  }),
  rule('sandbox-is-started-in-one-place', {
    from: { path: '^src/', pathNot: '^src/sandbox\\.ts$' },
    to: { path: '^sandbox/' },
  }),
  rule('tests-are-for-tests', { from: { path: '^(src|sandbox|bench)/' }, to: { path: '^test/' } }),
];

module.exports = {
  forbidden: [
    rule('no-circles', { from: {}, to: { circular: true } }),
    rule('nothing-missing', { from: {}, to: { couldNotResolve: true } }),
    ...roomRules,
    ...privateRules,
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // An import of a type is an arrow too: a type is knowledge.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};

function rule(name, { from, ...others }) {
  return { name, severity: 'error', from, ...others };
}
