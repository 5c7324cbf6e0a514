import { join } from 'node:path';
import { describeControlPlane, furnish } from './control-plane.ts';
import { describeCrossplane, functionCertificates, initCrossplane } from './crossplane.ts';
import { flavours, type FlavourName } from './flavours.ts';
import { describeFunction } from './function.ts';
import type { Kubectl } from './kubectl.ts';
import { describeRegistry, mirror, pushPackages, withRuntime, type Packages } from './packages.ts';
import { checkProviderPorts } from './ports.ts';
import { end, endOfLog, launch, runs, untilReady, type Program, type Started } from './program.ts';
import { describeProvider } from './provider.ts';
import { describeProvisioners } from './provisioners.ts';
import { commandsOf, shellFor, type Shell } from './shell.ts';
import { makeStateFolder, stopLab, writeState } from './state.ts';

/** What to start. */
export interface LabOptions {
  readonly flavour: FlavourName;
  /** Where the lab keeps its state; made, and emptied, by the lab. */
  readonly folder: string;
  readonly packages: Packages;
  /** Told what is being started. */
  readonly says: (line: string) => void;
  /** Ends what was started so far, and starts nothing more. */
  readonly abort?: AbortSignal;
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
  /** Pushes more packages to the registry. */
  readonly publish: (packages: Packages) => Promise<void>;
  /** Starts one more program, which ends with the lab. */
  readonly start: (program: Program) => Promise<void>;
  /** Ends one program. */
  readonly halt: (name: string, signal?: NodeJS.Signals) => Promise<void>;
  /** Starts one program again as it was. */
  readonly resume: (name: string) => Promise<void>;
}

/** Starts programs and remembers them, in a file too: so that exactly these are ended. */
function keeper(folder: string, says: (line: string) => void) {
  const programs = new Map<string, Program>();
  const started = new Map<string, Started>();
  /** What has failed to start, and was told with the end of its log. */
  const told = new Set<string>();
  let closed = false;
  const start = async (program: Program): Promise<void> => {
    if (closed) throw new Error(`cannot start ${program.name}: the lab is being ended`);
    const begun = Date.now();
    const process = launch(program, folder);
    programs.set(program.name, program);
    started.set(program.name, process);
    writeState(folder, { ready: false, programs: [...started.values()] });
    await untilReady(program, process, folder).catch((error: unknown) => {
      told.add(program.name);
      throw error;
    });
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
    await add(program);
  };
  const ready = (): void => {
    writeState(folder, { ready: true, programs: [...started.values()] });
  };
  /** Starts a program in a lab that is ready, and stays so. */
  const add = async (program: Program): Promise<void> => {
    await start(program);
    ready();
  };
  /** Ends everything, and tells what had ended by itself before, with the end of its log. */
  const close = async (): Promise<readonly string[]> => {
    closed = true;
    const dead = [...started.values()].filter((process) => !runs(process) && !told.has(process.name));
    for (const process of [...started.values()].toReversed()) await end(process);
    return dead.map(({ name }) => `${name} has ended; its log ends with\n${endOfLog(folder, name)}`);
  };
  return { start, add, halt, resume, ready, close };
}

/** Waits for all, and only then rejects with the first failure: nothing is still being started afterwards. */
async function all(starts: readonly Promise<void>[]): Promise<void> {
  const failure = (await Promise.allSettled(starts)).find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

/**
 * Starts a whole control plane: Kubernetes, Crossplane, provider-kubernetes and the function, from packages that
 * Crossplane installs out of a registry. When something does not start, nothing is left running.
 */
export async function startLab({ flavour: name, folder, packages, says, abort }: LabOptions): Promise<Lab> {
  const flavour = flavours[name];
  await checkProviderPorts();
  makeStateFolder(folder);
  const { start, add, halt, resume, ready, close } = keeper(folder, says);
  const closeNow = (): void => void close();
  abort?.addEventListener('abort', closeNow);
  try {
    const plane = await describeControlPlane(folder);
    const { kubectl, kubeconfig } = plane;
    const registry = await describeRegistry(folder);
    await all([
      start(registry).then(async () => pushPackages(registry, packages, folder)),
      start(plane.etcd).then(async () => start(plane.apiServer)),
    ]);
    await all(plane.controllers.map(start));
    await furnish(kubectl);

    await initCrossplane(flavour, kubectl, kubeconfig, folder);
    const crossplaneFunction = await describeFunction(
      join(packages.folder, 'main.js'),
      await functionCertificates(kubectl, folder),
    );
    await start(crossplaneFunction);
    await start(await describeCrossplane(flavour, kubectl, kubeconfig, folder));
    await mirror(registry, kubectl);
    const { endpoint } = crossplaneFunction;
    const shell = withRuntime(await shellFor(folder, kubeconfig), flavour, kubectl, endpoint);
    await shell(commandsOf(flavour.heading));
    await start(await describeProvider(plane, folder));
    await start(describeProvisioners(kubeconfig));
    abort?.removeEventListener('abort', closeNow);
    ready();
    return {
      folder,
      kubectl,
      shell,
      kubeconfig,
      auditLog: plane.auditLog,
      etcdEndpoint: plane.etcdEndpoint,
      metrics: crossplaneFunction.metrics,
      endpoint,
      publish: async (more) => {
        await pushPackages(registry, more, folder);
      },
      start: add,
      halt,
      resume,
      [Symbol.asyncDispose]: async () => {
        await stopLab(folder);
      },
    };
  } catch (error) {
    const dead = await close();
    if (abort?.aborted === true)
      throw new Error('interrupted: everything that was started has ended', { cause: error });
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error([reason, ...dead, `All logs are in ${join(folder, 'logs')}`].join('\n'), { cause: error });
  }
}
