import { join } from 'node:path';
import type { Program } from './program.ts';

/** Describes what plays the provisioners, whose pods kwok only plays. */
export function describeProvisioners(kubeconfig: string): Program {
  return {
    name: 'provisioners',
    command: process.execPath,
    args: [join(import.meta.dirname, 'play-provisioners.ts'), kubeconfig],
    ready: () => Promise.resolve(true),
  };
}
