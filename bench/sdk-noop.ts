import { fromCompose, serve } from '@crossplane-org/function-sdk-typescript';

/** The SDK's own server with a function that does nothing: what there is to compare with. */
serve(
  fromCompose((_request, response) => response),
  { name: 'no-op', argv: process.argv.slice(2) },
);
