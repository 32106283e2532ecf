/**
 * Runs dependency-cruiser over the import table, and a canary beside it: a planted violation that must be found. The
 * canary exists because the tool, given a TypeScript it cannot read, reports success after reading nothing.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';

interface Report {
  summary: { totalCruised: number; violations: { rule: { name: string }; from: string; to: string }[] };
}

function cruise(): Report {
  const args = ['depcruise', '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'src', 'workers'];
  return JSON.parse(execFileSync('npx', args, { encoding: 'utf8', maxBuffer: 1 << 28 })) as Report;
}

const { summary } = cruise();
for (const { rule, from, to } of summary.violations) console.error(`${rule.name}: ${from} → ${to}`);
if (summary.violations.length > 0) process.exit(1);
const MIN_MODULES = 40;
if (summary.totalCruised < MIN_MODULES) {
  console.error(`only ${summary.totalCruised} modules were read, at least ${MIN_MODULES} expected: the check is blind`);
  process.exit(1);
}

const canary = 'src/base/canary';
mkdirSync(canary, { recursive: true });
try {
  writeFileSync(`${canary}/canary.ts`, "export { workMessage } from '../../protocol/work-messages.ts';\n");
  const found = new Set(cruise().summary.violations.map(({ rule }) => rule.name));
  for (const rule of ['base-imports-only-its-list', 'front-door']) {
    if (!found.has(rule)) {
      console.error(`canary: the planted violation of ${rule} was not found`);
      process.exit(1);
    }
  }
} finally {
  rmSync(canary, { recursive: true });
}
console.log(`imports: ${summary.totalCruised} modules keep the table; the canary was caught`);
