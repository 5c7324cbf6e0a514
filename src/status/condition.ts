/** A condition of the DittoServer, also shown on the claim. Crossplane sets its time. */
export interface Condition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  /** One word, stable. */
  readonly reason: string;
  /** Where to look; without times or counters, so that an unchanged state is an unchanged condition. */
  readonly message: string;
}

/** The conditions. Ready and Synced are Crossplane's own. All are always present but BackupsReady, which comes with backups. */
export const conditionTypes = [
  'ConfigReady',
  'ResourcesApplied',
  'DatabaseReady',
  'StorageReady',
  'Available',
  'Progressing',
  'EndpointReady',
  'BackupsReady',
  'Provisioned',
] as const;
export type ConditionType = (typeof conditionTypes)[number];
