import { Command } from 'commander';
import { serveCommand } from './server/command.ts';

await new Command('function-dittofs')
  .description('Turns a DittoServer into a running DittoFS file server, for Crossplane.')
  .addCommand(serveCommand(), { isDefault: true })
  .parseAsync();
