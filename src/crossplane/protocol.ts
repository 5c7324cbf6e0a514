import type * as sdk from '@crossplane-org/function-sdk-typescript';

/*
 * Crossplane's function protocol, apiextensions.fn.proto.v1, as the rest of this folder speaks it. The SDK's types say
 * what it is, and are checked against; its code is not used: its decoder refuses objects nested 32 deep, its server
 * lets anyone in (docs/decisions/0006-own-wire-format.md).
 */

/** The names of a protocol enum's values. */
type NamesOf<Enum> = Exclude<keyof Enum, 'UNRECOGNIZED'>;

/** What a Crossplane can do for a function. */
export const Capability = {
  CAPABILITY_UNSPECIFIED: 0,
  CAPABILITY_CAPABILITIES: 1,
  CAPABILITY_REQUIRED_RESOURCES: 2,
  CAPABILITY_CREDENTIALS: 3,
  CAPABILITY_CONDITIONS: 4,
  CAPABILITY_REQUIRED_SCHEMAS: 5,
} as const satisfies Record<NamesOf<typeof sdk.Capability>, number>;

/** Whether a resource is ready. */
export const Ready = { READY_UNSPECIFIED: 0, READY_TRUE: 1, READY_FALSE: 2 } as const satisfies Record<
  NamesOf<typeof sdk.Ready>,
  number
>;

/** How severe a result is; a fatal one ends the pipeline. */
export const Severity = {
  SEVERITY_UNSPECIFIED: 0,
  SEVERITY_FATAL: 1,
  SEVERITY_WARNING: 2,
  SEVERITY_NORMAL: 3,
} as const satisfies Record<NamesOf<typeof sdk.Severity>, number>;

/** Who sees a result or a condition. */
export const Target = {
  TARGET_UNSPECIFIED: 0,
  TARGET_COMPOSITE: 1,
  TARGET_COMPOSITE_AND_CLAIM: 2,
} as const satisfies Record<NamesOf<typeof sdk.Target>, number>;

/** The status of a condition. */
export const Status = {
  STATUS_CONDITION_UNSPECIFIED: 0,
  STATUS_CONDITION_UNKNOWN: 1,
  STATUS_CONDITION_TRUE: 2,
  STATUS_CONDITION_FALSE: 3,
} as const satisfies Record<NamesOf<typeof sdk.Status>, number>;

export {
  RunFunctionRequest,
  RunFunctionResponse,
  type ProtocolCondition,
  type Requirements,
  type Resource,
  type Resources,
  type ResourceSelector,
  type Result,
  type State,
} from './wire/messages.ts';
