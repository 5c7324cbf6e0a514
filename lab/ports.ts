import { createServer } from 'node:net';

/** Ports that provider-kubernetes takes on all interfaces: it has no flags for them. */
export const providerPorts = { webhooks: 9443, metrics: 8080 } as const;

async function listen(port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
}

/** A port of the loopback that nobody uses. */
export async function freePort(): Promise<number> {
  return listen(0, '127.0.0.1');
}

/** Rejects, and says what to do, where a port that cannot be chosen is taken. */
export async function checkProviderPorts(): Promise<void> {
  for (const port of Object.values(providerPorts)) {
    await listen(port, '0.0.0.0').catch((error: unknown) => {
      throw new Error(
        `cannot start the lab: provider-kubernetes needs port ${port} on all interfaces, and it is taken; free it, or run the lab in a network of its own: npm run lab -- --isolated`,
        { cause: error },
      );
    });
  }
}
