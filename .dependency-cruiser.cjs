/** The import table of ARCHITECTURE.md: whatever is not listed is forbidden. */
const MAY_IMPORT = {
  base: [],
  protocol: ['base'],
  gpu: ['base'],
  weights: ['base', 'protocol'],
  swarm: ['base', 'protocol'],
  engine: ['base', 'gpu', 'weights'],
  npc: ['base'],
  adapters: ['base', 'protocol', 'weights', 'engine'],
  backends: ['base', 'weights', 'engine'],
  work: ['base', 'protocol'],
  relay: ['base', 'protocol', 'weights', 'swarm'],
  node: ['base', 'protocol', 'gpu', 'weights', 'engine', 'adapters', 'training', 'swarm', 'work'],
  ui: ['base', 'protocol', 'node'],
  embed: ['base', 'protocol', 'node', 'npc'],
  village: ['base', 'embed'],
  training: ['base', 'gpu', 'weights', 'engine'],
  headless: ['base', 'gpu', 'weights', 'engine', 'training'],
};
const domains = Object.keys(MAY_IMPORT);
/** Tests and what only they use. */
const tests = '(\\.(test|compliance)\\.ts$|/testing/)';

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...domains.map((domain) => ({
      name: `${domain}-imports-only-its-list`,
      severity: 'error',
      from: { path: `^src/${domain}/`, pathNot: tests },
      to: { path: '^(src|workers|e2e)/', pathNot: `^src/(${[domain, ...MAY_IMPORT[domain]].join('|')})/` },
    })),
    {
      name: 'front-door',
      comment: 'From outside a domain import its index.ts; base is exempt: import the file that you mean.',
      severity: 'error',
      from: { path: '^src/([^/]+)/', pathNot: tests },
      to: {
        path: '^src/(?!base/)[^/]+/',
        pathNot: ['^src/$1/', '^src/[^/]+/(index|worker-api|worker-index|node-index|page-index)\\.ts$'],
      },
    },
    {
      name: 'workers-use-front-doors',
      severity: 'error',
      from: { path: '^workers/' },
      to: { path: '^src/(?!base/)[^/]+/', pathNot: '^src/[^/]+/(index|worker-index)\\.ts$' },
    },
    {
      name: 'shaders-belong-to-kernels',
      severity: 'error',
      from: { pathNot: ['^src/(engine|training)/kernels/', tests] },
      to: { path: '^shaders/' },
    },
    {
      name: 'no-orphan-realms',
      severity: 'error',
      from: { path: '^src/(base|protocol|work)/', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: ['\\?(raw|url|worker)', '^virtual:', 'fake-indexeddb'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.page.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'browser', 'default', 'types'] },
  },
};
