import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { render, type Rendered, type RenderOptions } from '../../src/render/render.ts';

/** Previews without colours, in lines as long as they are; `stdin` is what standard input holds. */
export function previewOf(options: Partial<RenderOptions>, stdin = ''): Promise<Rendered> {
  const all = { files: [], observed: [], required: undefined, input: undefined, format: 'tree', all: false } as const;
  return render({ ...all, ...options }, { paint: (_tone, text) => text, width: undefined }, () =>
    Promise.resolve(stdin),
  );
}

/** Previews YAML as if it came from standard input. */
export function previewText(yaml: string, options: Partial<RenderOptions> = {}): Promise<Rendered> {
  return previewOf({ files: ['-'], ...options }, yaml);
}

/** Writes a file into a new directory and returns its path. */
export function temporaryFile(content: string, name = 'file.yaml'): string {
  const path = join(mkdtempSync(join(tmpdir(), 'preview-')), name);
  writeFileSync(path, content);
  return path;
}
