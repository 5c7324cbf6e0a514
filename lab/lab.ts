import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeControlPlane, furnish } from './control-plane.ts';
import { describeCrossplane, functionCertificates, initCrossplane } from './crossplane.ts';
import { flavours, type FlavourName } from './flavours.ts';
import { describeFunction } from './function.ts';
import type { Kubectl } from './kubectl.ts';
import { describeRegistry, installPackages, mirror, pushPackages, temporaryFolder, type Packages } from './packages.ts';
import { checkProviderPorts } from './ports.ts';
import { end, launch, runs, untilReady, type Program, type Started } from './program.ts';
import { describeProvider } from './provider.ts';
import { shellFor, type Shell } from './shell.ts';

/** What to start. */
export interface LabOptions {
  readonly flavour: FlavourName;
  /** Where the lab keeps its state; made, and emptied, by the lab. */
  readonly folder: string;
  readonly packages: Packages;
  /** Told what is being started. */
  readonly says: (line: string) => void;
}

/** A control plane that runs. */
export interface Lab extends AsyncDisposable {
  readonly folder: string;
  readonly kubeconfig: string;
  readonly kubectl: Kubectl;
  /** Runs commands as a user of the cluster would, in the root of the repository. */
  readonly shell: Shell;
  readonly auditLog: string;
  readonly etcdEndpoint: string;
  /** Where the function tells its metrics. */
  readonly metrics: string;
  /** Where Crossplane calls the function. */
  readonly endpoint: string;
  /** Ends one program. */
  readonly halt: (name: string, signal?: NodeJS.Signals) => Promise<void>;
  /** Starts one program again as it was. */
  readonly resume: (name: string) => Promise<void>;
}

/** The file that names the programs of a lab, so that exactly these are ended. */
function stateFile(folder: string): string {
  return join(folder, 'programs.json');
}

function readState(folder: string): readonly Started[] {
  return existsSync(stateFile(folder)) ? (JSON.parse(readFileSync(stateFile(folder), 'utf8')) as Started[]) : [];
}

/** The programs of a lab that still run. */
export function running(folder: string): readonly Started[] {
  return readState(folder).filter(runs);
}

/** Ends the programs of a lab, the last one first, and removes its state. */
export async function stopLab(folder: string): Promise<readonly Started[]> {
  const ended = running(folder).toReversed();
  for (const program of ended) await end(program);
  rmSync(folder, { recursive: true, force: true });
  return ended;
}

/** Starts programs and remembers them. */
function keeper(folder: string, says: (line: string) => void) {
  const programs = new Map<string, Program>();
  const started = new Map<string, Started>();
  const remember = (): void => {
    writeFileSync(stateFile(folder), JSON.stringify([...started.values()], undefined, 2));
  };
  const start = async (program: Program): Promise<void> => {
    const begun = Date.now();
    const process = launch(program, folder);
    programs.set(program.name, program);
    started.set(program.name, process);
    remember();
    await untilReady(program, process, folder);
    says(`${program.name} is ready after ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  };
  const halt = async (name: string, signal?: NodeJS.Signals): Promise<void> => {
    const process = started.get(name);
    if (process === undefined) throw new Error(`cannot end ${name}: it was not started`);
    await end(process, signal);
  };
  const resume = async (name: string): Promise<void> => {
    const program = programs.get(name);
    if (program === undefined) throw new Error(`cannot start ${name}: it is not a program of the lab`);
    await start(program);
  };
  return { start, halt, resume };
}

/**
 * Starts a whole control plane: Kubernetes, Crossplane, provider-kubernetes and the function, from packages that
 * Crossplane installs out of a registry. When something does not start, nothing is left running.
 */
export async function startLab({ flavour: name, folder, packages, says }: LabOptions): Promise<Lab> {
  const flavour = flavours[name];
  await checkProviderPorts();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'logs'), { recursive: true });
  const { start, halt, resume } = keeper(folder, says);
  try {
    const plane = await describeControlPlane(folder);
    const { kubectl, kubeconfig } = plane;
    const registry = await describeRegistry(folder);
    await Promise.all([
      start(registry).then(async () => pushPackages(registry, packages, temporaryFolder(folder))),
      start(plane.etcd).then(async () => start(plane.apiServer)),
    ]);
    await Promise.all(plane.controllers.map(start));
    await furnish(kubectl);

    await initCrossplane(flavour, kubectl, kubeconfig, folder);
    const crossplaneFunction = await describeFunction(
      join(packages.folder, 'main.js'),
      await functionCertificates(kubectl, folder),
    );
    await start(crossplaneFunction);
    await start(await describeCrossplane(flavour, kubectl, kubeconfig, folder));
    await mirror(registry, kubectl);
    const shell = await shellFor(folder, kubeconfig);
    await installPackages(flavour, shell, kubectl, crossplaneFunction.endpoint);
    await start(await describeProvider(plane, folder));
    return {
      folder,
      kubectl,
      shell,
      kubeconfig,
      auditLog: plane.auditLog,
      etcdEndpoint: plane.etcdEndpoint,
      metrics: crossplaneFunction.metrics,
      endpoint: crossplaneFunction.endpoint,
      halt,
      resume,
      [Symbol.asyncDispose]: async () => {
        await stopLab(folder);
      },
    };
  } catch (error) {
    for (const program of running(folder).toReversed()) await end(program);
    throw error;
  }
}
