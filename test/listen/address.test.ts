import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { listen, parseAddress } from '../../src/listen/address.ts';

describe('an address', () => {
  it.each([
    [':8081', { host: '', port: 8081 }],
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['[::1]:8081', { host: '::1', port: 8081 }],
    ['8081', undefined],
    [':65536', undefined],
  ])('%s', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });
});

describe('a listener', () => {
  it('says in one line why it cannot listen', async () => {
    const first = createServer();
    const { port } = await listen(first, { host: '127.0.0.1', port: 0 });
    await expect(listen(createServer(), { host: '127.0.0.1', port })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: listen EADDRINUSE`,
    );
    first.close();
  });

  it('outlives errors of later connections', async () => {
    const server = createServer();
    await listen(server, { host: '127.0.0.1', port: 0 });
    for (const message of ['accept EMFILE', 'accept EMFILE']) server.emit('error', new Error(message));
    expect(server.listening).toBe(true);
    server.close();
  });
});
