import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { noInput } from '../../src/api/v1alpha1/input.ts';
import { parseDittoServer } from '../../src/api/v1alpha1/parse.ts';
import { listAt, objectAt, textAt } from '../../src/lib/json.ts';
import { dittoServer, xrOf } from '../support/server.ts';
import { readYaml } from '../support/yaml.ts';

const page = new URL('../../docs/shares.md', import.meta.url);
const text = readFileSync(page, 'utf8');

/** The manifests of the page; a snippet without a kind is a part of a spec. */
const manifests = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block = '']) => {
  const written = readYaml(block);
  return written.kind === undefined ? dittoServer(written) : written;
});

/** A heading as GitHub links to it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .trim()
    .replaceAll(' ', '-');
}

function anchorsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));
}

describe('docs/shares.md', () => {
  const servers = manifests.filter(({ kind }) => kind === 'DittoServer');

  it.each(servers.map((server, index) => [index, server] as const))('has snippets that are taken: %i', (_, server) => {
    expect(parseDittoServer(xrOf(server, 'namespaced'), noInput)).toMatchObject({ ok: true });
  });

  it('has a pod with a claim that a share makes', () => {
    const claims = servers.flatMap((server) => {
      const shares = listAt(server, 'spec', 'shares').filter((share) => objectAt(share, 'volume') !== undefined);
      const name = textAt(server, 'metadata', 'name') ?? '';
      return shares.map((share) => `${name}.${textAt(share, 'name')?.slice(1) ?? ''}`);
    });
    const others = manifests.filter(({ kind }) => kind !== 'DittoServer');
    expect(others.map(({ kind }) => kind)).toEqual(['Pod']);
    expect(claims).toContain(textAt(others[0], 'spec', 'volumes', 0, 'persistentVolumeClaim', 'claimName'));
  });

  it('links to what is there', () => {
    const links = [...text.matchAll(/\]\((?!https:)([^)#]*)(?:#([^)]+))?\)/g)];
    expect(links.length).toBeGreaterThan(0);
    for (const [link, path = '', anchor] of links) {
      const target = path === '' ? page : new URL(path, page);
      expect(existsSync(target), link).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(readFileSync(target, 'utf8')), link).toContain(anchor);
    }
  });
});
