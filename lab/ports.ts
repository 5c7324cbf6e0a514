import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Ports that provider-kubernetes takes on all interfaces: it has no flags for them. */
export const providerPorts = { webhooks: 9443, metrics: 8080 } as const;

/** Takes a port and lets it go; rejects where it is taken. */
async function tryPort(port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => {
      server.close(() => {
        resolve();
      });
    });
  });
}

/** Ports that no system gives to outgoing connections and that are not Kubernetes' node ports. */
const range = { from: 20_000, size: 10_000 } as const;
const given = new Set<number>();

/**
 * A port of the loopback that nobody uses. Not one that the system proposes: it proposes the ports of outgoing connections, and one of
 * those may take it between this call and the program that is to listen.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = range.from + randomInt(range.size);
    if (given.has(port)) continue;
    given.add(port);
    const isFree = await tryPort(port, '127.0.0.1').then(
      () => true,
      () => false,
    );
    if (isFree) return port;
  }
}

/** Rejects, and says what to do, where a port that cannot be chosen is taken. */
export async function checkProviderPorts(): Promise<void> {
  for (const port of Object.values(providerPorts)) {
    await tryPort(port, '0.0.0.0').catch((error: unknown) => {
      throw new Error(
        `cannot start the lab: provider-kubernetes needs port ${port} on all interfaces, and it is taken; free it, or run the lab in a network of its own: npm run lab -- --isolated`,
        { cause: error },
      );
    });
  }
}
