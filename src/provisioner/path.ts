/** Characters that Go leaves as they are in a path: https://cs.opensource.google/go/go/+/refs/tags/go1.25.0:src/net/url/url.go;l=100 */
const plain = /^[A-Za-z0-9\-_.~$&+,:;=@]$/;

/** The text as one segment of a path, as Go would write it: the server's router does not decode a path that is written otherwise. */
function segment(text: string): string {
  return Array.from(text, (character) => (plain.test(character) ? character : percentEncoded(character))).join('');
}

function percentEncoded(character: string): string {
  return Array.from(
    Buffer.from(character, 'utf8'),
    (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');
}

/** A path of the API from its segments, each of them any text: `path('shares', 'a/b', 'permissions')`. */
export function path(...segments: readonly (string | number)[]): string {
  return `/api/v1/${segments.map((text) => segment(String(text))).join('/')}`;
}

/** The path of a share and of what belongs to it; a share's leading slash stays out of it. */
export function sharePath(name: string, ...segments: readonly (string | number)[]): string {
  return path('shares', name.replace(/^\//, ''), ...segments);
}
