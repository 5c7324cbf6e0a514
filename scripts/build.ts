import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** CommonJS packages ask for Node's own modules with require, which an ES module has not. */
const banner = `#!/usr/bin/env node
import { createRequire as __createRequire } from 'node:module';
const __require = __createRequire(import.meta.url);
const require = __require;`;

/** Zod's messages in other languages: a fifth of the program, and never shown. */
const withoutLocales: Plugin = {
  name: 'without-locales',
  setup: (building) => {
    building.onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({ contents: 'export {};' }));
  },
};

/**
 * Node's own modules by require: to import one makes Node look at each of its exports, and that of node:http alone
 * loads a whole HTTP client (30 ms of the start).
 */
const builtinsByRequire: Plugin = {
  name: 'builtins-by-require',
  setup: (building) => {
    const names = new Set([...builtinModules, ...builtinModules.map((name) => `node:${name}`)]);
    building.onResolve({ filter: /^[a-z_/:0-9]+$/ }, ({ path, namespace }) =>
      names.has(path) && namespace !== 'builtin' ? { path, namespace: 'builtin' } : undefined,
    );
    building.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = __require(${JSON.stringify(path)});`,
    }));
  },
};

/**
 * Builds the program as one file that runs without node_modules beside it.
 *
 * Not one bundle for each command: what a command does not use is in the file, but is not run. Minified, because Node
 * starts a smaller file sooner; names are kept, because errors are logged with the places that they passed.
 */
export async function buildProgram(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, '../src/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    banner: { js: banner },
    // Loaded only for gRPC's own diagnostics, which nobody asks for.
    external: ['@grpc/proto-loader'],
    plugins: [withoutLocales, builtinsByRequire],
    minify: true,
    keepNames: false,
    legalComments: 'none',
    logLevel: 'warning',
  });
}

/** Milliseconds in which the built program prints its help: the best of a few runs. */
function startTime(outfile: string): number {
  const runs = Array.from({ length: 5 }, () => {
    const started = process.hrtime.bigint();
    execFileSync(process.execPath, [outfile, '--help'], { stdio: 'ignore' });
    return Number(process.hrtime.bigint() - started) / 1e6;
  });
  return Math.min(...runs);
}

if (import.meta.main) {
  const outfile = join(import.meta.dirname, '../dist/main.js');
  await buildProgram(outfile);
  const size = Math.round(statSync(outfile).size / 1024);
  // On standard error: what npm run render prints is for other programs, too.
  process.stderr.write(`dist/main.js: ${size} KiB, starts in ${Math.round(startTime(outfile))} ms\n`);
}
