/*
 * The end of what CI prints, because the beginning is long: every test that failed, with its first words, and one line
 * that counts. CI that failed without a failed test counts as one.
 *
 *   node .ci/summary.js FOLDER STATUS
 *
 * FOLDER holds vitest's results as JSON, a file for each run; STATUS is the exit code of all.
 */
import { log } from 'node:console';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { argv } from 'node:process';

const [folder, status] = argv.slice(2);
const runs = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
const sum = (field) => runs.reduce((total, run) => total + run[field], 0);

/** A message and its stack, without the lines of others. */
const ownLines = (message) =>
  message
    .split('\n')
    .filter((line) => !/^ +at .*(node_modules|<anonymous>)/u.test(line))
    .join('\n');

for (const file of runs.flatMap((run) => run.testResults).filter((file) => file.status === 'failed')) {
  const name = relative('.', file.name);
  const failed = file.assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0) log(`FAILED ${name}\n${file.message}\n`);
  for (const test of failed)
    log(`FAILED ${name} > ${test.fullName}\n${test.failureMessages.map(ownLines).join('\n')}\n`);
}
if (status !== '0' && sum('numFailedTests') === 0) log(`CI ended with exit code ${status}, and no test failed`);
const failed = status === '0' ? sum('numFailedTests') : Math.max(1, sum('numFailedTests'));
log(`${sum('numPassedTests')} passed, ${failed} failed`);
