import { existsSync } from 'node:fs';
import { freePort } from './ports.ts';
import type { Program } from './program.ts';

/** The built function, served over mutual TLS. */
export interface FunctionProgram extends Program {
  /** Where Crossplane calls it. */
  readonly endpoint: string;
  /** Where it tells its metrics. */
  readonly metrics: string;
}

/** Describes the function with certificates that Crossplane's authority issued. */
export async function describeFunction(program: string, certificates: string): Promise<FunctionProgram> {
  if (!existsSync(program)) throw new Error(`cannot start the function: ${program} is not built; npm run build`);
  const [port, metrics] = [await freePort(), await freePort()];
  return {
    name: 'function-dittofs',
    command: process.execPath,
    args: [
      program,
      `--tls-certs-dir=${certificates}`,
      `--address=127.0.0.1:${port}`,
      `--metrics-address=127.0.0.1:${metrics}`,
      '--debug',
    ],
    ready: async () => (await fetch(`http://127.0.0.1:${metrics}/readyz`)).ok,
    endpoint: `dns:///localhost:${port}`,
    metrics: `http://127.0.0.1:${metrics}/metrics`,
  };
}
