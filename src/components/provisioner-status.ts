import type { Life } from '../composition/component.ts';
import { presence, progressing, ready, failed, type Health } from '../kubernetes/health.ts';
import type { ObservedObject } from '../kubernetes/object.ts';
import { whenDataIs } from '../kubernetes/readiness.ts';
import type { Plan } from '../plan/plan.ts';
import { appliedKey } from '../plan/provisioning.ts';
import { userKey } from '../plan/users.ts';
import type { ServerComponent } from './server-component.ts';

/** Made once and then left alone: what is in it is the provisioner's. */
const life: Life = { kind: 'data', fate: 'deleted', changes: 'never' };

/** All is well once the provisioner says so of the plan that is wanted now: it is applied, and every share is served. */
function assess(observed: ObservedObject, { serving, pod, provisioning, names }: Plan): Health {
  const absent = presence(observed);
  if (absent !== undefined) return absent;
  if (pod.replicas === 0) return ready('Stopped');
  const [missing] = serving.missing;
  if (missing !== undefined) return failed(missing.reason, serving.missing.map(({ message }) => message).join('; '));
  const { applied, tried, problems, shares } = provisioning;
  const [unserved] = shares.filter((share) => !share.ready);
  if (applied === serving.revision) {
    return unserved === undefined
      ? ready('Applied')
      : failed(
          'ShareNotReady',
          `share ${JSON.stringify(unserved.name)} ${unserved.message}; status.shares tells of all`,
        );
  }
  const [first] = problems;
  if (tried === serving.revision && first !== undefined) {
    const more = problems.length > 1 ? '; status.shares and the log of the provisioner tell the rest' : '';
    return failed('NotApplied', `${first.about}: ${first.message}${more}`);
  }
  return progressing(
    'Provisioning',
    `Deployment ${JSON.stringify(names.provisioner)} has not applied what is declared yet; kubectl logs deployment/${names.provisioner} tells how far it is`,
  );
}

/** The ConfigMap into which the provisioner reports. */
export const provisionerStatus: ServerComponent = {
  key: 'provisioner-status',
  render: ({ names, namespace, labelsOf }) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: names.provisionerStatus, namespace, labels: labelsOf('provisioner') },
  }),
  assess,
  life: () => life,
  // What keeps the server from serving, or a user from being made, keeps the provisioner from its work.
  relies: ({ generatedUsers }) => [
    ...generatedUsers.filter(({ isUsed }) => isUsed).map(({ user }) => userKey(user)),
    'server',
  ],
  readiness: ({ serving }) => whenDataIs(appliedKey, serving.revision),
  watch: true,
};
