import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  authority,
  certificateFolder,
  leaf,
  lookAlike,
  usage,
  writeCertificates,
  type Issued,
} from '../../lab/certificates.ts';
import { startFunction, type FunctionProcess } from './support/function-process.ts';
import { connectTo } from './support/grpc-client.ts';

const meta = { tag: 'tls', capabilities: [] };
const server = { usages: [usage.serverAuth] };

let ca: Issued;
let folder: ReturnType<typeof certificateFolder>;
let running: FunctionProcess;

beforeAll(async () => {
  ca = await authority();
  folder = certificateFolder(await leaf(ca, server), ca);
  running = await startFunction('--tls-certs-dir', folder.path);
});

afterAll(async () => {
  await running[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Calls with a client certificate; resolves with the tag of the answer. */
async function callWith(options: ConnectionOptions): Promise<string | undefined> {
  using client = await connectTo(running.port, options);
  return (await client.run({ meta })).meta?.tag;
}

function pair({ cert, key }: Issued): ConnectionOptions {
  return { cert, key };
}

describe('lets in', () => {
  it('a client as Crossplane makes it, which OpenSSL takes for self-signed', async () => {
    expect(await callWith(pair(await leaf(ca)))).toBe('tls');
  });

  it('a client of TLS 1.2', async () => {
    expect(await callWith({ ...pair(await leaf(ca)), maxVersion: 'TLSv1.2' })).toBe('tls');
  });

  it('a client with a subject of its own', async () => {
    expect(await callWith(pair(await leaf(ca, { subject: 'CN=crossplane' })))).toBe('tls');
  });
});

describe('drops', () => {
  const refused: [name: string, options: () => Promise<ConnectionOptions>][] = [
    ['no certificate', async () => Promise.resolve({})],
    ['a certificate of another authority', async () => pair(await leaf(await authority()))],
    [
      'a certificate of another authority with another subject',
      async () => pair(await leaf(await authority({ subject: 'CN=other' }))),
    ],
    ['an expired certificate', async () => pair(await leaf(ca, { from: -10, to: -1 }))],
    ['a certificate that is not valid yet', async () => pair(await leaf(ca, { from: 1, to: 10 }))],
    ['a certificate for servers only', async () => pair(await leaf(ca, server))],
    ['a certificate for nothing in particular', async () => pair(await leaf(ca, { usages: [] }))],
    ['a self-signed look-alike with the same subject', async () => pair(await lookAlike())],
    [
      'TLS 1.1',
      async () => ({
        ...pair(await leaf(ca)),
        minVersion: 'TLSv1.1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      }),
    ],
    ['a client that does not speak HTTP/2', async () => ({ ...pair(await leaf(ca)), ALPNProtocols: ['http/1.1'] })],
  ];
  it.each(refused)('%s', async (_name, options) => {
    await expect(callWith(await options())).rejects.toThrow();
    expect(await callWith(pair(await leaf(ca))), 'the server goes on').toBe('tls');
  });

  it('a client without TLS', async () => {
    await expect(connectTo(running.port)).rejects.toThrow();
    expect(await callWith(pair(await leaf(ca)))).toBe('tls');
  });
});

describe('certificates that change on disk', () => {
  it('are taken up without a restart; a half-written pair keeps the former', async () => {
    const [oldClient, next] = [await leaf(ca), await authority({ subject: 'CN=next' })];
    const nextClient = await leaf(next, { subject: 'CN=client' });
    using changing = certificateFolder(await leaf(ca, server), ca);
    await using process = await startFunction('--tls-certs-dir', changing.path);
    const works = async (client: Issued): Promise<boolean> => {
      try {
        using connection = await connectTo(process.port, pair(client));
        return (await connection.run({ meta })).meta?.tag === 'tls';
      } catch {
        return false;
      }
    };
    using open = await connectTo(process.port, pair(oldClient));

    writeFileSync(join(changing.path, 'tls.key'), 'half wr');
    await sleep(600);
    expect(await works(oldClient)).toBe(true);
    rmSync(join(changing.path, 'tls.crt'));
    await sleep(600);
    expect(await works(oldClient)).toBe(true);
    expect(process.log.map(({ msg }) => msg)).toContain('kept the former certificates');

    writeCertificates(changing.path, await leaf(next, { ...server, subject: 'CN=server' }), next);
    await sleep(800);
    expect(await works(nextClient)).toBe(true);
    expect(await works(oldClient)).toBe(false);
    expect((await open.run({ meta })).meta?.tag, 'an open connection survives').toBe('tls');
    expect(process.log.map(({ msg }) => msg)).toContain('took up new certificates');
  });
});
