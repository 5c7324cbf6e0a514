import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** Modules of the libraries that are never run here, by their files: a third of the program. */
const replaced: readonly { readonly file: RegExp; readonly contents: string }[] = [
  // Zod's messages in other languages.
  { file: /zod\/v4\/locales\/index\.js$/, contents: 'export {};' },
  // The half of gRPC that calls others; what src imports stays.
  {
    file: /@grpc\/grpc-js\/build\/src\/index\.js$/,
    contents: `
      exports.status = require('./constants').Status;
      exports.Metadata = require('./metadata').Metadata;
      exports.Server = require('./server').Server;
      exports.ServerCredentials = require('./server-credentials').ServerCredentials;`,
  },
  { file: /@grpc\/grpc-js\/build\/src\/make-client\.js$/, contents: '' },
  // Log lines that leave through a worker thread.
  { file: /pino\/lib\/transport\.js$/, contents: '' },
  // Traces beside metrics.
  { file: /@opentelemetry\/api\/dist\/index\.cjs$/, contents: '' },
];

const withoutUnused: Plugin = {
  name: 'without-unused',
  setup: (building) => {
    for (const { file, contents } of replaced) building.onLoad({ filter: file }, () => ({ contents }));
    // Commands that are programs of their own.
    building.onLoad({ filter: /commander\/lib\/command\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace("import childProcess from 'node:child_process';", ''),
    }));
  },
};

/**
 * Builds the program as one file that runs without node_modules beside it.
 *
 * Not one bundle for each command: what a command does not use is in the file, but is not run. Minified and CommonJS,
 * because Node starts a smaller file sooner, and asks for its own modules without looking at all their exports.
 */
export async function buildProgram(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, '../src/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    banner: { js: '#!/usr/bin/env node' },
    // Loaded only for gRPC's own diagnostics, which nobody asks for.
    external: ['@grpc/proto-loader'],
    plugins: [withoutUnused],
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  writeFileSync(join(dirname(outfile), 'package.json'), '{ "type": "commonjs" }\n');
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
