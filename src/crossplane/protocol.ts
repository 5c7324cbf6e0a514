/**
 * The messages of Crossplane's function protocol, apiextensions.fn.proto.v1
 * (crossplane/crossplane, proto/fn/v1/run_function.proto).
 *
 * The only place that names the SDK's generated code, so that another codec can take its place.
 */
export {
  Capability,
  FunctionRunnerServiceService,
  Ready,
  Requirements,
  Severity,
  Status,
  Target,
  RunFunctionRequest,
  RunFunctionResponse,
  type Condition as ProtocolCondition,
  type Resource,
  type ResourceSelector,
  type Resources,
  type Result,
  type State,
} from '@crossplane-org/function-sdk-typescript';
