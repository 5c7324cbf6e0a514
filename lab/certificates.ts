import 'reflect-metadata';
import { createPrivateKey, createPublicKey, webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

cryptoProvider.set(webcrypto as unknown as Parameters<typeof cryptoProvider.set>[0]);

const algorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};

/** What Percona's operator makes keys of, and signs with. */
const elliptic = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-384' };

/** The subject that Crossplane gives its authority and every leaf: so OpenSSL takes each for self-signed. */
const CROSSPLANE = 'C=Earth, ST=Earth, L=Earth, O=Crossplane, CN=Crossplane';
const DAY = 24 * 60 * 60 * 1000;

/** What a certificate is for. */
export const usage = { clientAuth: '1.3.6.1.5.5.7.3.2', serverAuth: '1.3.6.1.5.5.7.3.1' } as const;

/** A key pair and its certificate. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
  readonly keys: CryptoKeyPair;
  readonly subject: string;
}

type CryptoKeyPair = Awaited<ReturnType<typeof webcrypto.subtle.generateKey>> & {
  readonly publicKey: webcrypto.CryptoKey;
  readonly privateKey: webcrypto.CryptoKey;
};

/** What may differ from a certificate as Crossplane makes it. */
export interface Differences {
  readonly subject?: string;
  readonly usages?: readonly string[];
  /** Days from now. */
  readonly from?: number;
  readonly to?: number;
  /** DNS names. */
  readonly names?: readonly string[];
  /** A key on a curve, as Percona's operator makes them, instead of RSA. */
  readonly elliptic?: boolean;
}

async function newKeys(differences: Differences): Promise<CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(differences.elliptic === true ? elliptic : algorithm, true, [
    'sign',
    'verify',
  ]);
}

async function issue(
  keys: CryptoKeyPair,
  issuer: Issued | undefined,
  isAuthority: boolean,
  differences: Differences,
): Promise<Issued> {
  const { subject = CROSSPLANE, usages = [], from = -1, to = 3650 } = differences;
  const { names = [isAuthority ? 'crossplane-root-ca' : 'localhost'] } = differences;
  const signer = (issuer?.keys ?? keys).privateKey;
  const flags = isAuthority
    ? KeyUsageFlags.cRLSign | KeyUsageFlags.keyCertSign
    : KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment | KeyUsageFlags.dataEncipherment;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: '07e6',
    subject,
    issuer: issuer?.subject ?? subject,
    notBefore: new Date(Date.now() + from * DAY),
    notAfter: new Date(Date.now() + to * DAY),
    signingAlgorithm: signer.algorithm.name === elliptic.name ? elliptic : algorithm,
    publicKey: keys.publicKey as never,
    signingKey: signer as never,
    extensions: [
      new BasicConstraintsExtension(isAuthority, undefined, true),
      // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- a set of bits, named by an enum
      new KeyUsagesExtension(flags, true),
      ...(usages.length > 0 ? [new ExtendedKeyUsageExtension([...usages])] : []),
      ...(names.length > 0
        ? [new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value })))]
        : []),
    ],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { cert: `${certificate.toString('pem')}\n`, key: `${key}\n`, keys, subject };
}

/** An authority as `crossplane core init` makes it: subject key identifier and authority key identifier are missing. */
export async function authority(differences: Differences = {}): Promise<Issued> {
  return issue(await newKeys(differences), undefined, true, differences);
}

/** A leaf as Crossplane makes it, for a client unless said otherwise. */
export async function leaf(issuer: Issued, differences: Differences = {}): Promise<Issued> {
  return issue(await newKeys(differences), issuer, false, { usages: [usage.clientAuth], ...differences });
}

/** An authority that somebody else made, to issue with: its certificate and its RSA key as PEM. */
export async function issuedBy(cert: string, key: string): Promise<Issued> {
  const privateKey = createPrivateKey(key).export({ type: 'pkcs8', format: 'der' });
  const publicKey = createPublicKey(cert).export({ type: 'spki', format: 'der' });
  const keys = {
    privateKey: await webcrypto.subtle.importKey('pkcs8', privateKey, algorithm, true, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', publicKey, algorithm, true, ['verify']),
  };
  return { cert, key, keys: keys as CryptoKeyPair, subject: new X509Certificate(cert).subject };
}

/** A certificate that signs itself, with the subject of Crossplane's. */
export async function lookAlike(): Promise<Issued> {
  return issue(await newKeys({}), undefined, false, { usages: [usage.clientAuth] });
}

/** A temporary folder with the three files that Crossplane mounts. */
export function certificateFolder(server: Issued, ca: Issued): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'function-dittofs-tls-'));
  writeCertificates(path, server, ca);
  return {
    path,
    [Symbol.dispose]: () => {
      rmSync(path, { recursive: true });
    },
  };
}

/** Writes the three files one by one, as a careless operator would. */
export function writeCertificates(path: string, server: Issued, ca: Issued): void {
  writeFileSync(join(path, 'tls.crt'), server.cert);
  writeFileSync(join(path, 'tls.key'), server.key);
  writeFileSync(join(path, 'ca.crt'), ca.cert);
}
