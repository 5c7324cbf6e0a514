import { Command } from 'commander';
import { provisionCommand } from './provisioner/command.ts';
import { renderCommand } from './render/command.ts';
import type { Rendered } from './render/render.ts';
import { serveCommand } from './server/command.ts';

function print({ stdout, stderr, failed }: Rendered): void {
  // A reader that has seen enough, such as head, closes the pipe: that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  process.stderr.write(stderr);
  process.stdout.write(stdout);
  if (failed) process.exitCode = 1;
}

void new Command('function-dittofs')
  .description('A Crossplane composition function that turns a DittoServer into a running DittoFS file server.')
  .addCommand(
    serveCommand((code) => process.exit(code)),
    { isDefault: true },
  )
  .addCommand(renderCommand(print))
  .addCommand(provisionCommand((code) => process.exit(code)))
  .parseAsync();
