import type { Texts } from '../kubernetes/manifest.ts';
import type { Marks } from '../kubernetes/marks.ts';

/** Who manages our objects, as app.kubernetes.io/managed-by says. */
const MANAGER = 'function-dittofs';

/** How the Go operator labels, and the permanent selector of pods and Services (docs/architecture.md). */
export function planSelector(name: string): Texts {
  return { app: 'dittofs-server', instance: name };
}

function ownLabels(name: string): Texts {
  return { 'app.kubernetes.io/instance': name, 'app.kubernetes.io/managed-by': MANAGER };
}

/** Labels of every object of a component; those of the platform give way to ours. */
export function planLabels(name: string, component: string, platform: Texts): Texts {
  return {
    ...platform,
    ...ownLabels(name),
    'app.kubernetes.io/component': component,
    'app.kubernetes.io/name': 'dittofs',
    'app.kubernetes.io/part-of': 'dittofs',
  };
}

/** By which marks a live object is this DittoServer's: our labels, or those of the Go operator's server of that name. */
export function planMarks(name: string): Marks {
  return { labelSets: [ownLabels(name), planSelector(name)], owner: { kind: 'DittoServer', name } };
}
