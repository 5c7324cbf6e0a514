import { bounded } from '../composition/blocked.ts';
import { worst } from '../kubernetes/health.ts';
import { conditionTypes, type Condition, type ConditionType } from './condition.ts';
import { backupVerdict, databaseVerdict } from './database.ts';
import { answers, type Findings } from './findings.ts';
import { provisionedVerdict } from './provisioned.ts';
import { no, yes, type Verdict } from './verdict.ts';

function configReady({ plan }: Findings): Verdict {
  const { missing, warnings, secretsAreRead, database, cluster, serving } = plan;
  const [first] = missing;
  if (first !== undefined) return no(first.reason, missing.map(({ message }) => message).join('; '));
  const notes = warnings.length === 0 ? '' : `; note that ${warnings.join('; ')}`;
  const others = database.missing.length > 0 || cluster?.backup?.missing !== undefined || serving.missing.length > 0;
  const present = others ? 'the server’s own Secrets are there' : 'every Secret that it names is there';
  const secrets = secretsAreRead ? present : 'this Crossplane cannot check its Secrets';
  return yes('ConfigValid', `The spec is valid and ${secrets}${notes}`);
}

function resourcesApplied({ composition: { blocked, heldBack, health, unchangeable, unkept } }: Findings): Verdict {
  const [first] = blocked;
  if (first !== undefined) {
    return no(first.reason, `${first.kind} ${JSON.stringify(first.name)}: ${first.message}; status.blocked lists all`);
  }
  const unapplied = [...health.values()].find(({ reason }) => ['Creating', 'Applying'].includes(reason));
  if (unapplied !== undefined) return no('Applying', unapplied.message);
  const [waiting] = heldBack;
  if (waiting !== undefined) return no('Waiting', health.get(waiting)?.message ?? '');
  const notes = [
    ...(unkept === undefined ? [] : [unkept]),
    ...(unchangeable.length === 0 ? [] : [`what cannot change stays: ${unchangeable.join('; ')}`]),
  ];
  return yes('Applied', ['Every object is applied', ...notes].join('; '));
}

function storageReady({ composition: { health } }: Findings): Verdict {
  const storage = [...health].filter(([key]) => /^(storage-class$|volume-|pvc?\.)/.test(key));
  const problem = worst(storage.map(([, value]) => value));
  return problem === undefined
    ? yes('VolumesReady', 'Every volume is as large as asked for')
    : no(problem.reason, problem.message);
}

function available(findings: Findings): Verdict {
  const { plan, composition } = findings;
  if (plan.pod.replicas === 0) return yes('Stopped', 'The server is stopped: spec.replicas is 0');
  if (answers(findings)) return yes('ServerReady', 'The server answers');
  const health = composition.health.get('server');
  if (health === undefined || health.state === 'ready') return no('ServerNotReady', 'The server does not answer yet');
  return no(health.reason, health.message);
}

function progress({ composition: { health } }: Findings): Verdict {
  const underway = [...health.values()].find(({ state }) => state === 'progressing');
  return underway === undefined ? no('Settled', 'Nothing is on its way') : yes(underway.reason, underway.message);
}

function endpointReady({ plan: { file, endpoints }, composition, observed }: Findings): Verdict {
  const [first] = file.protocols;
  if (first === undefined) return yes('NotOffered', 'Neither NFS nor SMB is enabled, so there is no file Service');
  if (endpoints[first.protocol] !== undefined)
    return yes('EndpointReady', 'Clients can reach the file Service; status.endpoints tells where');
  if (file.type === 'LoadBalancer' && observed.get('file-service')?.live !== undefined) {
    return no(
      'LoadBalancerPending',
      'The load balancer has assigned no address to the file Service; kubectl describe service tells why',
    );
  }
  return no('ServicePending', composition.health.get('file-service')?.message ?? 'The file Service is not created yet');
}

const derive = {
  ConfigReady: configReady,
  ResourcesApplied: resourcesApplied,
  DatabaseReady: databaseVerdict,
  StorageReady: storageReady,
  Available: available,
  Progressing: progress,
  EndpointReady: endpointReady,
  BackupsReady: backupVerdict,
  Provisioned: provisionedVerdict,
} satisfies Record<ConditionType, (findings: Findings) => Verdict | undefined>;

/** Every condition of a composed DittoServer. */
export function deriveConditions(findings: Findings): readonly Condition[] {
  return conditionTypes.flatMap((type) => {
    const verdict = derive[type](findings);
    return verdict === undefined ? [] : [{ type, ...verdict, message: bounded(verdict.message) }];
  });
}

/**
 * The conditions of a refused spec: ConfigReady says why, the others stay as they were, because a refused spec changes
 * nothing in the cluster.
 */
export function refusedConditions(reason: string, message: string, before: readonly Condition[]): readonly Condition[] {
  return conditionTypes.flatMap((type): readonly Condition[] => {
    if (type === 'ConfigReady') return [{ type, status: 'False', reason, message: bounded(message) }];
    const former = before.find((condition) => condition.type === type);
    if (former !== undefined) return [former];
    if (type === 'BackupsReady') return [];
    return [{ type, status: 'Unknown', reason, message: 'Nothing is composed while the spec is refused' }];
  });
}
