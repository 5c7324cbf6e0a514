import type { X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Certificates } from './certificates.ts';

/** The extended key usage that a client's certificate must have. */
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** Milliseconds that a client has for its handshake. */
const HANDSHAKE_TIMEOUT = 3_000;

/** Why a connection was dropped: a label of a metric, so one of few. */
export type Refusal =
  'handshake' | 'no-certificate' | 'not-issued-by-ca' | 'not-valid-now' | 'not-for-clients' | 'no-http2';

/** A TLS listener that lets only clients of the own authority in. */
export interface MutualTls {
  readonly listener: Server;
  /** Uses other certificates for connections that come from now on. */
  readonly use: (certificates: Certificates) => void;
}

/** Tells whether a certificate is valid at a time, in milliseconds since 1970. */
function isCurrent({ validFrom, validTo }: X509Certificate, now: number): boolean {
  return Date.parse(validFrom) <= now && now <= Date.parse(validTo);
}

/** The extended key usages; Node leaves them out where there are none, which its types do not say. */
function usages({ keyUsage = [] }: { readonly keyUsage?: readonly string[] }): readonly string[] {
  return keyUsage;
}

/**
 * Why a client's certificate is refused, if it is.
 *
 * Crossplane gives its authority and every leaf the same subject and no key identifiers, so OpenSSL takes each leaf for
 * self-signed and Node refuses them all. So the issuer is checked here by signature: by its subject alone anybody
 * could make a look-alike.
 */
function refusalOf(
  certificate: X509Certificate,
  authorities: readonly X509Certificate[],
  now: number,
): Refusal | undefined {
  const issued = authorities.some(
    (ca) => ca.ca && isCurrent(ca, now) && certificate.checkIssued(ca) && certificate.verify(ca.publicKey),
  );
  const isAuthority = authorities.some((ca) => ca.raw.equals(certificate.raw));
  if (!issued || isAuthority) return 'not-issued-by-ca';
  if (!isCurrent(certificate, now)) return 'not-valid-now';
  if (!usages(certificate).includes(CLIENT_AUTH)) return 'not-for-clients';
  return undefined;
}

/** Why a finished handshake is not enough, if it is not. A chain through intermediates is verified by OpenSSL. */
function refusalOfSocket(socket: TLSSocket, { authorities }: Certificates): Refusal | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return 'no-certificate';
  if (socket.alpnProtocol !== 'h2') return 'no-http2';
  const refusal = refusalOf(certificate, authorities, Date.now());
  if (refusal !== 'not-issued-by-ca' || !socket.authorized) return refusal;
  return usages(certificate).includes(CLIENT_AUTH) ? undefined : 'not-for-clients';
}

/**
 * Makes the listener; connections that pass go to `accept`, the others are dropped and reported.
 *
 * Node's own verdict only counts where it is a yes: see refusalOf.
 */
export function mutualTls(
  initial: Certificates,
  accept: (connection: Duplex) => void,
  refused: (refusal: Refusal) => void,
): MutualTls {
  let current = initial;
  const listener = createServer(
    {
      key: initial.key,
      cert: initial.cert,
      ca: initial.ca,
      minVersion: 'TLSv1.2',
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2'],
      handshakeTimeout: HANDSHAKE_TIMEOUT,
    },
    (socket) => {
      socket.on('error', () => socket.destroy());
      const refusal = refusalOfSocket(socket, current);
      if (refusal === undefined) accept(socket);
      else {
        refused(refusal);
        socket.destroy();
      }
    },
  );
  listener.on('tlsClientError', (_error, socket) => {
    refused('handshake');
    socket.destroy();
  });
  return {
    listener,
    use: (certificates) => {
      current = certificates;
      const { key, cert, ca } = certificates;
      listener.setSecureContext({ key, cert, ca, minVersion: 'TLSv1.2' });
    },
  };
}
