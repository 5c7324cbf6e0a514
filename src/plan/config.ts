import { dump } from 'js-yaml';
import type { Spec } from '../api/v1alpha1/spec.ts';
import { mergeObjects, sortFields, type JsonObject } from '../lib/json.ts';
import type { DatabasePlan } from './database.ts';

/**
 * The server's config.yaml.
 *
 * Every text is quoted and every duration is a text with a unit: the server's YAML reader would turn 0777, 1_000 or a
 * date into something else. Keys are sorted, so that the same spec is the same file.
 */
export function planConfig(spec: Spec, database: DatabasePlan): string {
  const { logging, shutdownTimeout, controlPlane, identity, extraConfig } = spec;
  const rendered: JsonObject = {
    logging: { ...logging },
    shutdown_timeout: shutdownTimeout.text,
    database: database.config,
    controlplane: {
      // The server's own default is 127.0.0.1, where no Service and no probe reaches it.
      host: '0.0.0.0',
      port: controlPlane.port,
      // An answer about a share takes 30 s while its S3 endpoint is down; the server's default cuts it off at 10 s.
      write_timeout: '60s',
      jwt: {
        access_token_duration: identity.jwt.accessTokenDuration.text,
        refresh_token_duration: identity.jwt.refreshTokenDuration.text,
      },
    },
  };
  return dump(sortFields(mergeObjects(rendered, extraConfig ?? {})), {
    forceQuotes: true,
    quoteStyle: 'double',
    lineWidth: -1,
    noRefs: true,
  });
}
