/**
 * `npm test`: every check and every suite in order, each with its time, and the sum of all tests as the last line. All
 * suites run even if an earlier one fails, so that one run tells everything.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { requireChromium } from '../e2e/chromium.ts';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Stage {
  readonly name: string;
  readonly command: readonly string[];
  /** Where the suite's own report lies, for suites that count tests. */
  readonly report?: string;
}

const REPORTS = 'test-results/reports';
const vitest = (project: string): Stage => ({
  name: `${project} tests`,
  command: [
    'vitest',
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${REPORTS}/${project}.json`,
  ],
  report: `${REPORTS}/${project}.json`,
});

const stages: readonly Stage[] = [
  { name: 'format', command: ['npm', 'run', '--silent', 'check:format'] },
  { name: 'lint', command: ['npm', 'run', '--silent', 'check:lint'] },
  { name: 'types', command: ['npm', 'run', '--silent', 'check:types'] },
  { name: 'imports', command: ['npm', 'run', '--silent', 'check:imports'] },
  { name: 'unused code', command: ['npm', 'run', '--silent', 'check:unused'] },
  vitest('node'),
  vitest('gpu'),
  { name: 'build', command: ['npm', 'run', '--silent', 'build'] },
  { name: 'size', command: ['npm', 'run', '--silent', 'check:size'] },
  {
    name: 'journeys',
    command: ['playwright', 'test', '--config', 'e2e/playwright.config.ts'],
    report: `${REPORTS}/journeys.json`,
  },
];

function runStage({ command }: Stage): Promise<number> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program === 'npm' ? 'npm' : 'npx', program === 'npm' ? args : [program, ...args], {
      stdio: 'inherit',
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

function readCounts(path: string): Counts {
  const report = JSON.parse(readFileSync(path, 'utf8')) as {
    numPassedTests?: number;
    numFailedTests?: number;
    numPendingTests?: number;
    numTodoTests?: number;
    stats?: { expected: number; unexpected: number; flaky: number; skipped: number };
  };
  if (report.stats) {
    const { expected, unexpected, flaky, skipped } = report.stats;
    return { passed: expected + flaky, failed: unexpected, skipped };
  }
  return {
    passed: report.numPassedTests ?? 0,
    failed: report.numFailedTests ?? 0,
    skipped: (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0),
  };
}

rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });
requireChromium();
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const broken: string[] = [];
for (const stage of stages) {
  const startMs = Date.now();
  console.log(`\n── ${stage.name}`);
  const code = await runStage(stage);
  console.log(
    `── ${stage.name}: ${code === 0 ? 'good' : 'FAILED'} after ${((Date.now() - startMs) / 1000).toFixed(1)} s`,
  );
  if (code !== 0) broken.push(stage.name);
  if (!stage.report) {
    total[code === 0 ? 'passed' : 'failed'] += 1;
  } else if (existsSync(stage.report)) {
    const counts = readCounts(stage.report);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    // A suite can fail outside any test, e.g. while it loads.
    if (code !== 0 && counts.failed === 0) total.failed += 1;
  } else {
    total.failed += 1;
  }
}
if (broken.length > 0) console.log(`\nFailed: ${broken.join(', ')}`);
process.exitCode = broken.length > 0 ? 1 : 0;
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
