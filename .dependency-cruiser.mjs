// Who may import whom: the table of ARCHITECTURE.md as data. Type-only imports count.
const small = ['server/kernel', 'server/db', 'contract'];
const stages = ['ingest', 'profiles', 'audiences', 'mappings', 'ledger', 'delivery'].map((name) => `server/${name}`);
const besideStages = ['server/auth', 'server/destinations', 'server/tiktok'];
const composition = [
  'server/config.ts',
  'server/version.ts',
  'server/health.ts',
  'server/pipeline.ts',
  'server/send-test.ts',
];
const everyFrontPage = [...small, ...stages, ...besideStages, ...composition, 'server/api'];

/** A stage sees the stages before it. */
const before = (stage, ...more) => [...small, ...stages.slice(0, stages.indexOf(`server/${stage}`)), ...more];

const mayImport = {
  contract: [],
  'server/kernel': [],
  'server/config.ts': ['server/kernel'],
  'server/db': ['server/kernel', 'tools/bundle.mjs'],
  'server/tiktok': ['server/kernel'],
  'server/auth': small,
  'server/destinations': [...small, 'server/tiktok'],
  'server/ingest': before('ingest'),
  'server/profiles': before('profiles'),
  'server/audiences': before('audiences'),
  'server/mappings': before('mappings', 'server/destinations'),
  'server/ledger': before('ledger', 'server/destinations'),
  'server/delivery': before('delivery', 'server/destinations', 'server/tiktok'),
  'server/api': everyFrontPage,
  'server/version.ts': [],
  'server/health.ts': everyFrontPage,
  'server/pipeline.ts': everyFrontPage,
  'server/send-test.ts': everyFrontPage,
  'server/start.ts': everyFrontPage,
  'server/main.ts': [...everyFrontPage, 'server/start.ts'],
  cli: ['server/main.ts', 'server/config.ts', 'sandbox', 'server/kernel', 'contract', 'tools/bundle.mjs'],
  sandbox: ['server/tiktok/wire.ts', 'server/kernel'],
  // The web app knows the server by its REST API alone.
  'web/api': ['contract'],
  'web/ui': ['contract', 'web/api'],
  'web/screens': ['contract', 'web/api', 'web/ui'],
  'web/app': ['contract', 'web/api', 'web/ui', 'web/screens'],
  'web/main.tsx': ['web/app', 'web/ui'],
};

/** Small parts side by side, importable file by file. Any other folder shows only the file with its own name. */
const withoutFrontPage = new Set([...small, 'web/api', 'web/ui', 'web/screens', 'web/app']);
const isFile = (place) => /[.]m?[jt]sx?$/.test(place);
const inside = (place) => (isFile(place) ? `^${escaped(place)}$` : `^${escaped(place)}/`);
const visible = (place) => {
  if (isFile(place) || withoutFrontPage.has(place)) return inside(place);
  return `^${escaped(place)}/${place.split('/').at(-1)}[.]ts$`;
};
const escaped = (place) => place.replaceAll('.', '[.]');
/** Tests may import anything (ARCHITECTURE.md). */
const tests = '([.]test[.]tsx?$|/test-[^/]+[.]ts$)';

const importTable = Object.entries(mayImport).map(([place, others]) => ({
  name: `imports of ${place}`,
  severity: 'error',
  from: { path: inside(place), pathNot: tests },
  to: {
    path: '^(server|contract|sandbox|cli|web|test|bench|tools)/',
    pathNot: [inside(place), ...others.map(visible)],
  },
}));

export default {
  forbidden: [
    ...importTable,
    {
      name: 'a screen knows no other screen',
      severity: 'error',
      from: { path: '^web/screens/([^/]+)/' },
      to: { path: '^web/screens/', pathNot: '^web/screens/$1/' },
    },
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'every import exists', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'every file has its line in the table',
      severity: 'error',
      from: { path: '^(server|web)/', pathNot: [...Object.keys(mayImport).map(inside), tests] },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    includeOnly: '^(server|contract|sandbox|cli|web|test|bench|tools)/',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    exclude: { path: '^web/dist/' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.mjs', '.js'] },
  },
};
