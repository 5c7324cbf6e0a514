import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { authority, certificateFolder, leaf, usage, type Issued } from '../../lab/certificates.ts';
import { startFunction } from '../server/support/function-process.ts';
import { goVersion, tool } from '../../lab/tools.ts';

const go = await goVersion();
const server = { usages: [usage.serverAuth] };

let client: string;
let ca: Issued;

/** Calls the function with the client in Go: grpc-go, with Crossplane's service config, verifying the server's name. */
async function call(
  port: number,
  certs: string,
  request: unknown,
  ...flags: readonly string[]
): Promise<{ code: number | null; out: string; error: string }> {
  const child = spawn(client, ['-target', `dns:///localhost:${port}`, '-certs', certs, ...flags], { stdio: 'pipe' });
  child.stdin.end(JSON.stringify(request));
  const [out, error, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  return { code, out, error };
}

const xr = {
  apiVersion: 'dittofs.dittofs.com/v1alpha1',
  kind: 'DittoServer',
  metadata: { name: 'files', namespace: 'team-a', generation: 1 },
  spec: { storage: { metadataSize: '5Gi' } },
};
const request = { meta: { tag: 'from-go' }, observed: { composite: { resource: xr } } };

describe.skipIf(go === undefined)('a client made as Crossplane makes it', () => {
  beforeAll(async () => {
    client = await tool('client');
    ca = await authority();
  });

  it('is answered over mutual TLS', async () => {
    using files = certificateFolder(await leaf(ca, server), ca);
    using own = certificateFolder(await leaf(ca), ca);
    await using running = await startFunction('--tls-certs-dir', files.path);
    const { out, error } = await call(running.port, own.path, request);
    expect(error).toBe('');
    const response = JSON.parse(out) as {
      meta: unknown;
      desired: { resources: Record<string, { ready: string }> };
      conditions: unknown[];
    };
    expect(response.meta).toEqual({ tag: 'from-go', ttl: '5s' });
    expect(Object.keys(response.desired.resources)).toContain('volume-metadata');
    expect(response.conditions).toContainEqual(
      expect.objectContaining({
        type: 'ConfigReady',
        status: 'STATUS_CONDITION_TRUE',
        target: 'TARGET_COMPOSITE_AND_CLAIM',
      }),
    );
  });

  it('is answered 1,000 times at once', async () => {
    using files = certificateFolder(await leaf(ca, server), ca);
    using own = certificateFolder(await leaf(ca), ca);
    await using running = await startFunction('--tls-certs-dir', files.path);
    expect(await call(running.port, own.path, request, '-calls', '1000')).toMatchObject({ code: 0, error: '' });
  });

  it('is refused with the certificate of a server', async () => {
    using files = certificateFolder(await leaf(ca, server), ca);
    await using running = await startFunction('--tls-certs-dir', files.path);
    const { code, error } = await call(running.port, files.path, request, '-timeout', '2s');
    expect(code).toBe(1);
    expect(error).toContain('DeadlineExceeded');
  });

  it('is answered without TLS by a function that is insecure', async () => {
    await using running = await startFunction('--insecure');
    expect(await call(running.port, '', request)).toMatchObject({ code: 0, error: '' });
  });
});
