import { numberAt } from '../lib/json.ts';
import type { Composition } from '../composition/compose.ts';
import type { ObservedObjects } from '../kubernetes/object.ts';
import type { Plan } from '../plan/plan.ts';
import type { Condition } from './condition.ts';

/** What conditions are derived from. */
export interface Findings {
  readonly plan: Plan;
  readonly composition: Composition;
  readonly observed: ObservedObjects;
  /** The conditions as they were written last. */
  readonly former: readonly Condition[];
}

/** Whether the server's pod is ready: it answers its own probe. */
export function answers({ observed }: Pick<Findings, 'observed'>): boolean {
  return (numberAt(observed.get('server')?.live, 'status', 'readyReplicas') ?? 0) > 0;
}
