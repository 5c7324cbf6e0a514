import { defineConfig } from 'vitest/config';

/** The long stories: `npm run test:soak`. Their figures stand in docs/reliability.md. */
export default defineConfig({
  test: {
    include: ['test/soak/**/*.test.ts'],
    globalSetup: ['test/real/support/build-tools.ts'],
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 900_000,
    reporters: ['verbose'],
  },
});
