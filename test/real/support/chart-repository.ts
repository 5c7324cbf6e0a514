import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { moduleBehind, tool } from '../../../lab/tools.ts';

const run = promisify(execFile);

/** A repository of Helm charts that is served on the loopback. */
export interface ChartRepository extends AsyncDisposable {
  readonly url: string;
}

/** Serves the chart of the pinned Crossplane, packaged as its release does: its module ships the chart without a version. */
export async function serveCrossplaneChart(parent: string): Promise<ChartRepository> {
  const helm = await tool('helm');
  const { folder: module, version } = await moduleBehind('crossplane', 'github.com/crossplane/crossplane/v2');
  const folder = join(parent, 'charts');
  mkdirSync(folder);
  const number = version.replace(/^v/, '');
  const chart = join(module, 'cluster/charts/crossplane');
  await run(helm, ['package', chart, '--version', number, '--app-version', number, '--destination', folder]);

  const server = createServer((request, response) => {
    const file = join(folder, basename(request.url ?? ''));
    if (existsSync(file)) response.end(readFileSync(file));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/stable`;
  await run(helm, ['repo', 'index', folder, '--url', url]);
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
