import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import type { ServingPlan } from '../../../src/api/provisioning.ts';
import { provision, provisionOnce, type Printed, type ProvisionOptions } from '../../../src/provisioner/provision.ts';
import { ADMIN_PASSWORD, createDfsServer, type DfsServer } from './dfs-server.ts';
import { startProxy, type RecordingProxy } from './recording-proxy.ts';

/** A server, what is declared for it, and the provisioner between them. */
export interface Provisioned extends AsyncDisposable {
  readonly server: DfsServer;
  /** What the provisioner says to the server. */
  readonly proxy: RecordingProxy;
  readonly files: { readonly plan: string; readonly secrets: string };
  /** Writes the plan; the ports of DittoFS become those of this server. */
  readonly declare: (plan: ServingPlan) => void;
  /** Writes the value of a Secret's key; undefined removes it. */
  readonly secret: (name: string, key: string, value: string | undefined) => void;
  /** One round of a provisioner that was just started. */
  readonly once: (status?: ProvisionOptions['status']) => Promise<Printed>;
  readonly dryRun: () => Promise<Printed>;
  /** Starts a provisioner that keeps on. */
  readonly run: (interval?: number, status?: ProvisionOptions['status']) => Promise<Running>;
}

/** A provisioner that runs. */
export interface Running extends AsyncDisposable {
  readonly get: (path: string) => Promise<{ readonly status: number; readonly text: string }>;
  /** Its log, line by line. */
  readonly log: () => readonly Record<string, unknown>[];
}

/** Prepares all of it; the server is started unless told otherwise. */
export async function provisioned({ started = true } = {}): Promise<Provisioned> {
  const server = await createDfsServer();
  if (started) await server.start();
  const proxy = await startProxy(server.url);
  const folder = mkdtempSync(join(tmpdir(), 'function-dittofs-provisioner-'));
  const files = { plan: join(folder, 'plan.json'), secrets: join(folder, 'secrets') };
  const secret: Provisioned['secret'] = (name, key, value) => {
    const path = join(files.secrets, name, key);
    mkdirSync(dirname(path), { recursive: true });
    if (value === undefined) rmSync(path, { force: true });
    else writeFileSync(path, value);
  };
  secret('admin', 'password', ADMIN_PASSWORD);
  const options = (
    lines: string[],
    signal: AbortSignal,
    interval: number,
    status: ProvisionOptions['status'],
  ): ProvisionOptions => ({
    files,
    url: proxy.url,
    status,
    interval,
    signal,
    logger: pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) }),
  });
  const oneRound = async (isDry: boolean, status: ProvisionOptions['status']): Promise<Printed> => {
    proxy.requests.length = 0;
    return provisionOnce(options([], new AbortController().signal, 300_000, status), isDry);
  };
  return {
    server,
    proxy,
    files,
    declare: (plan) => {
      const { nfs, smb } = server.ports;
      const own = new Map([
        [12049, nfs],
        [1445, smb],
      ]);
      const isPort = (key: string, value: unknown): value is number => key === 'port' && typeof value === 'number';
      const text = JSON.stringify(plan, (key, value: unknown) =>
        isPort(key, value) ? (own.get(value) ?? value) : value,
      );
      writeFileSync(files.plan, text);
    },
    secret,
    once: async (status) => oneRound(false, status),
    dryRun: async () => oneRound(true, undefined),
    run: async (interval = 300_000, status) => {
      const lines: string[] = [];
      const stopping = new AbortController();
      const { port, ended } = await provision(options(lines, stopping.signal, interval, status), {
        host: '127.0.0.1',
        port: 0,
      });
      return {
        get: async (path) => {
          const response = await fetch(`http://127.0.0.1:${port}${path}`);
          return { status: response.status, text: await response.text() };
        },
        log: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
        [Symbol.asyncDispose]: async () => {
          stopping.abort();
          await ended;
        },
      };
    },
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
