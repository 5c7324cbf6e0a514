import { defineConfig } from 'vitest/config';

/** The suite against real programs: `npm run test:real`. They share ports and processors, so one file at a time. */
export default defineConfig({
  test: {
    include: ['test/real/**/*.test.ts'],
    globalSetup: ['test/real/support/build-tools.ts'],
    fileParallelism: false,
    // Beside labs everything takes its time: how long is printed, and what never comes about is what fails.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // Stories in the lab mostly wait.
    maxConcurrency: 8,
    // What is asked again is asked of one API server by many, and answered when that comes round to it.
    expect: { poll: { interval: 500, timeout: 180_000 } },
    reporters: process.env.VITEST_RESULTS === undefined ? ['verbose'] : ['verbose', 'json'],
    ...(process.env.VITEST_RESULTS !== undefined && { outputFile: { json: process.env.VITEST_RESULTS } }),
  },
});
