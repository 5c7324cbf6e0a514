import { text } from './fields.ts';
import { matching, withRules } from './rule.ts';

/** The name of a bucket. */
export const bucket = () =>
  withRules(text(63), [matching('^[a-z0-9][-a-z0-9.]+[a-z0-9]$', 'is not the name of a bucket such as "my-backups"')]);

/** A folder of a bucket. */
export const bucketPath = () =>
  withRules(text(512), [
    matching(
      '^/?[a-zA-Z0-9_][-a-zA-Z0-9._]*(/[a-zA-Z0-9_][-a-zA-Z0-9._]*)*/?$',
      'is not a path in a bucket such as "backups/team-a"',
    ),
  ]);

/** The URL of a service. */
export const endpointUrl = () =>
  withRules(text(), [
    matching(
      '^https?://[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?(:[0-9]{1,5})?/?$',
      'is not an S3 endpoint such as "https://s3.example.com": its scheme is needed',
    ),
  ]);

/** An endpoint of a service that is reached over TLS, with or without its scheme. */
export const tlsEndpoint = () =>
  withRules(text(), [
    matching(
      '^(https://)?[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?(:[0-9]{1,5})?/?$',
      'is not an S3 endpoint such as "s3.example.com", which is always reached over TLS',
    ),
  ]);

/** Where something lies in S3, in one way of writing it. */
export interface Place {
  /** A host, with a port that is not the usual one. */
  readonly service: string;
  readonly bucket: string;
  /** Without slashes at its ends; empty for the whole bucket. */
  readonly folder: string;
}

/** An endpoint without scheme and usual port, as pgBackRest takes it: `https://S3.example.com:443/` is `s3.example.com`. */
export function bareEndpoint(endpoint: string): string {
  return endpoint
    .toLowerCase()
    .replace(/^https:\/\//, '')
    .replace(/\/$/, '')
    .replace(/:443$/, '');
}

/** A path in a bucket as pgBackRest takes it: from the root, without a slash at its end. */
export function bucketFolder(...parts: readonly string[]): string {
  return `/${parts.map(withoutSlashes).join('/')}`;
}

function withoutSlashes(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}

/** All of AWS: no two of its buckets have the same name, whatever their region and by whichever host they are reached. */
const AWS = 'amazonaws.com';

/** The service behind an endpoint; with TLS and without it is the same. */
function serviceOf(endpoint = AWS): string {
  const service = bareEndpoint(endpoint.replace(/^http:/i, 'https:')).replace(/:80$/, '');
  return /(^|\.)amazonaws\.com(\.cn)?$/.test(service) ? AWS : service;
}

/** Where in S3 a bucket and a prefix are: in AWS, where no endpoint is named. */
export function placeInS3(written: {
  readonly bucket: string;
  readonly endpoint?: string | undefined;
  readonly prefix?: string | undefined;
}): Place {
  const { bucket, endpoint, prefix = '' } = written;
  return { service: serviceOf(endpoint), bucket, folder: withoutSlashes(prefix) };
}

/** The folder of a store's blocks, in which the server deletes what it does not know. */
export function blocksOf({ folder }: Place): string {
  return folder === '' ? 'blocks' : `${folder}/blocks`;
}

function isSameBucket(one: Place, other: Place): boolean {
  return one.service === other.service && one.bucket === other.bucket;
}

/** Tells whether two things lie in the same folder. */
export function isSamePlace(one: Place, other: Place): boolean {
  return isSameBucket(one, other) && one.folder === other.folder;
}

/** Tells whether something lies among the blocks of a store. */
export function isAmongBlocks(place: Place, store: Place): boolean {
  return isSameBucket(place, store) && `${place.folder}/`.startsWith(`${blocksOf(store)}/`);
}
