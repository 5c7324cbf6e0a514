import { defineConfig } from 'vitest/config';

/** Where CI wants the results as JSON, if it does. */
const results = process.env.VITEST_RESULTS;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The tests against real programs are suites of their own: vitest.real.config.ts, vitest.soak.config.ts.
    exclude: ['test/real/**', 'test/soak/**'],
    maxWorkers: 2,
    // Properties run a few hundred cases each; on a busy machine they take a while.
    testTimeout: 30_000,
    reporters: results === undefined ? ['default'] : ['default', 'json'],
    ...(results !== undefined && { outputFile: { json: results } }),
  },
});
