import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Capability, type RunFunctionRequest } from '../src/crossplane/protocol.ts';
import { tool } from '../lab/tools.ts';
import { authority, certificateFolder, leaf, usage, type Issued } from '../lab/certificates.ts';
import { connectTo } from '../test/server/support/grpc-client.ts';
import { benchRequests } from './requests.ts';

/*
 * Measures the built server beside the SDK's own server with a no-op function: the same requests in the same run, in
 * turns, by a client made as Crossplane's (grpc-go over TLS, one connection). `npm run bench`.
 */

interface Target {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  readonly startupMs: number;
}

interface Sample {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly requestBytes: number;
  /** Milliseconds of user and system time for each call. */
  readonly cpu: number;
  /** Mebibytes after the burst. */
  readonly rss: number;
}

const ROUNDS = 3;
const bursts = { first: 2000, usual: 1000, large: 150 } as const;
type RequestName = keyof typeof bursts;

/** User and system time of a process in milliseconds; a clock tick of Linux is 10 ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function rssMb(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1]) / 1024;
}

/** Whether the server answers a call by now. */
async function answers(port: number, { cert, key }: Issued): Promise<boolean> {
  try {
    using client = await connectTo(port, { cert, key });
    await client.run({ meta: { tag: 'start', capabilities: [] } });
    return true;
  } catch {
    return false;
  }
}

/** Starts a server and waits for its first answer. */
async function start(
  name: string,
  port: number,
  client: Issued,
  ...args: readonly string[]
): Promise<Target & Disposable> {
  const started = performance.now();
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  while (!(await answers(port, client))) {
    if (child.exitCode !== null) throw new Error(`${name} exited with ${child.exitCode}`);
    await sleep(2);
  }
  const startupMs = performance.now() - started;
  return { name, pid: child.pid ?? 0, port, startupMs, [Symbol.dispose]: () => child.kill('SIGKILL') };
}

/** The median time to the first answer of several starts. */
async function firstAnswer(...args: Parameters<typeof start>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    using target = await start(...args);
    times.push(target.startupMs);
  }
  return median(times);
}

/** A request in protobuf's JSON form, as the client reads it. */
function toJson({ meta, observed, requiredResources }: RunFunctionRequest): string {
  const names = Object.fromEntries(Object.entries(Capability).map(([name, number]) => [number, name]));
  const strip = (resources: Readonly<Record<string, { resource: unknown }>>): unknown =>
    Object.fromEntries(Object.entries(resources).map(([key, { resource }]) => [key, { resource }]));
  return JSON.stringify({
    meta: { tag: meta?.tag, capabilities: meta?.capabilities.map((number) => names[number]) },
    observed: { composite: { resource: observed?.composite?.resource }, resources: strip(observed?.resources ?? {}) },
    requiredResources: Object.fromEntries(
      Object.entries(requiredResources).map(([key, { items }]) => [
        key,
        { items: items.map(({ resource }) => ({ resource })) },
      ]),
    ),
  });
}

async function burst(
  client: string,
  certs: string,
  target: Target,
  json: string,
  calls: number,
  inflight: number,
): Promise<Sample> {
  const before = cpuMs(target.pid);
  const args = [
    '-target',
    `dns:///localhost:${target.port}`,
    '-certs',
    certs,
    '-calls',
    String(calls),
    '-inflight',
    String(inflight),
    '-timeout',
    '120s',
  ];
  const child = spawn(client, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(json);
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the client failed with ${String(code)} against ${target.name}`);
  const measured = JSON.parse(out) as Omit<Sample, 'cpu' | 'rss'>;
  return { ...measured, cpu: (cpuMs(target.pid) - before) / calls, rss: rssMb(target.pid) };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function summarize(samples: readonly Sample[]): Sample {
  const of = (field: keyof Sample): number => median(samples.map((sample) => sample[field]));
  return {
    perSecond: of('perSecond'),
    p50: of('p50'),
    p99: of('p99'),
    requestBytes: of('requestBytes'),
    cpu: of('cpu'),
    rss: of('rss'),
  };
}

const client = await tool('client');
const ca = await authority();
const clientCertificate = await leaf(ca);
using serverFiles = certificateFolder(await leaf(ca, { usages: [usage.serverAuth] }), ca);
using clientFiles = certificateFolder(clientCertificate, ca);
const root = join(import.meta.dirname, '..');
const [ours, sdk, metricsPort] = [21443, 21444, 21445];
const oursArgs = [
  'function-dittofs',
  ours,
  clientCertificate,
  join(root, 'dist/main.js'),
  '--tls-certs-dir',
  serverFiles.path,
  '--address',
  `127.0.0.1:${ours}`,
  '--metrics-address',
  `127.0.0.1:${metricsPort}`,
] as const;
const sdkArgs = [
  'SDK no-op',
  sdk,
  clientCertificate,
  join(root, 'bench/sdk-noop.ts'),
  '--tls-server-certs-dir',
  serverFiles.path,
  '--address',
  `127.0.0.1:${sdk}`,
] as const;

const first = [await firstAnswer(...oursArgs), await firstAnswer(...sdkArgs)].map((ms) => ms.toFixed(0));
console.log(`start to first answer: function-dittofs ${first[0]} ms, SDK no-op ${first[1]} ms\n`);
using function_ = await start(...oursArgs);
using noop = await start(...sdkArgs);

const requests = benchRequests();
console.log('| request | in flight | server | calls/s | p50 ms | p99 ms | CPU ms/call | RSS MB | CPU, SDK no-op = 1 |');
console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
for (const [name, request] of Object.entries(requests) as [RequestName, RunFunctionRequest][]) {
  const json = toJson(request);
  for (const inflight of [1, 16]) {
    const samples = new Map<Target, Sample[]>([
      [function_, []],
      [noop, []],
    ]);
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const [target, measured] of samples) {
        const sample = await burst(client, clientFiles.path, target, json, bursts[name], inflight);
        if (round > 0) measured.push(sample); // the first round warms up
      }
    }
    const base = summarize(samples.get(noop) ?? []);
    for (const [target, measured] of samples) {
      const { perSecond, p50, p99, cpu, rss, requestBytes } = summarize(measured);
      const size = `${name} (${(requestBytes / 1000).toFixed(0)} kB)`;
      const cells = [
        size,
        inflight,
        target.name,
        perSecond.toFixed(0),
        p50.toFixed(2),
        p99.toFixed(2),
        cpu.toFixed(2),
        rss.toFixed(0),
        (cpu / base.cpu).toFixed(2),
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
}
