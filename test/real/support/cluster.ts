import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeControlPlane, furnish, type ControlPlane } from '../../../lab/control-plane.ts';
import { launch, untilReady, type Program, type Started } from '../../../lab/program.ts';
import { makeStateFolder, stopLab, writeState } from '../../../lab/state.ts';

/** A Kubernetes cluster on which nothing is installed yet, and the programs that are started beside it. */
export interface Cluster extends AsyncDisposable, Pick<ControlPlane, 'kubectl' | 'kubeconfig'> {
  /** For all state; removed in the end. */
  readonly folder: string;
  /** Starts one more program, and resolves once it does its work. */
  readonly start: (program: Program) => Promise<void>;
}

/** Starts the control plane of a lab alone. When something does not start, nothing is left running. */
export async function startCluster(): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'function-dittofs-cluster-'));
  makeStateFolder(folder);
  const programs: Started[] = [];
  const start = async (program: Program): Promise<void> => {
    const started = launch(program, folder);
    programs.push(started);
    writeState(folder, { ready: false, programs });
    await untilReady(program, started, folder);
  };
  const stop = async (): Promise<void> => {
    await stopLab(folder);
  };
  try {
    const { etcd, apiServer, controllers, kubectl, kubeconfig } = await describeControlPlane(folder);
    await start(etcd);
    await start(apiServer);
    await Promise.all(controllers.map(start));
    await furnish(kubectl);
    return { folder, kubectl, kubeconfig, start, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
