import { text } from 'node:stream/consumers';
import { styleText } from 'node:util';
import { Command, Option } from 'commander';
import type { Screen } from './format-tree.ts';
import { formats, render, type Format, type Rendered } from './render.ts';

/** Flags, as they are written. */
interface Flags {
  readonly observed?: readonly string[];
  readonly required?: readonly string[];
  readonly input?: string;
  readonly format: Format;
  readonly all: boolean;
}

const help = `
What is printed:
  tree     what Crossplane makes of each DittoServer: what is created at once and what later, how it is,
           what it waits for, the conditions, and where clients will reach it
  yaml     the manifests, for kubectl apply --dry-run=client -f -; with --all the composite resource with
           its status and conditions, and the Objects of provider-kubernetes in which the manifests lie
  mermaid  a flowchart that GitHub draws: what is composed, and what uses what
  json     all of it, for programs: an object, or a list where several DittoServers are given

A DittoServer with fields that only claims have (compositionRef, writeConnectionSecretToRef, …) is previewed as a
claim, any other as a composite resource in its namespace ("default" where it names none).
The values of Secrets are never printed. Without --required, Secrets that a DittoServer refers to count as present.

Exit code: 0, or 1 where a file cannot be read or a DittoServer is refused; the others are printed all the same.

Examples:
  npm run render -- examples/quickstart.yaml
  npm run --silent render -- examples/quickstart.yaml --format yaml | kubectl apply --dry-run=client -f -
  npm run render -- server.yaml --input composition.yaml --required secrets.yaml
  kubectl get objects.kubernetes.m.crossplane.io -n team -o yaml > observed.yaml
  kubectl get dittoserver my-server -n team -o yaml | npm run --silent render -- - --observed observed.yaml`;

function collect(path: string, before: readonly string[] = []): readonly string[] {
  return [...before, path];
}

/** Colours and a width on a terminal; neither where the output goes to a file or another program. */
function screen({ isTTY, columns }: NodeJS.WriteStream): Screen {
  const coloured = isTTY && process.stdout.hasColors();
  return {
    paint: (tone, plain) => (coloured ? styleText(tone, plain) : plain),
    width: isTTY ? columns : undefined,
  };
}

/** `render`: shows what DittoServers become, without a cluster; `done` prints it. */
export function renderCommand(done: (rendered: Rendered) => void): Command {
  return new Command('render')
    .description('show what DittoServers become, without a cluster')
    .argument('<file...>', 'YAML or JSON with DittoServers, several documents or files; - is standard input')
    .option(
      '--observed <path>',
      'file or directory with what the cluster has: composed resources, and DittoServers with their status; may be repeated',
      collect,
    )
    .option('--required <path>', 'file or directory with the Secrets that exist; may be repeated', collect)
    .option('--input <file>', 'the Composition’s input for the function, or a Composition that holds one')
    .addOption(new Option('--format <format>', 'how to print it').choices(formats).default('tree'))
    .option('--all', 'with yaml: the Objects, status and conditions, too (tree and json show them anyway)', false)
    .addHelpText('after', help)
    .action(async (files: readonly string[], { observed = [], required, input, ...flags }: Flags) => {
      const options = { files, observed, required, input, ...flags };
      done(await render(options, screen(process.stdout), () => text(process.stdin)));
    });
}
