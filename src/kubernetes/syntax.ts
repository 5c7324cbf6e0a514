const dns1123Label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const dns1123LabelPattern = new RegExp(`^${dns1123Label}$`);
const dns1123SubdomainPattern = new RegExp(`^${dns1123Label}(?:\\.${dns1123Label})*$`);
const qualifiedNamePattern = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/**
 * Whether a text is an RFC 1123 label, as namespaces and the volumes of a pod are called; it may start with a digit.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
 */
export function isDns1123Label(text: string): boolean {
  return text.length <= 63 && dns1123LabelPattern.test(text);
}

/**
 * Whether a text is an RFC 1123 subdomain, as most objects are called: labels joined by dots, 253 characters in all.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
 */
export function isDns1123Subdomain(text: string): boolean {
  return text.length <= 253 && dns1123SubdomainPattern.test(text);
}

/**
 * Whether a text can be the key of a label or an annotation: a name of up to 63 characters, with a DNS subdomain and a
 * slash before it if it is somebody's own.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
 */
export function isQualifiedName(text: string): boolean {
  const slash = text.indexOf('/');
  const name = text.slice(slash + 1);
  return (
    (slash < 0 || isDns1123Subdomain(text.slice(0, slash))) && name.length <= 63 && qualifiedNamePattern.test(name)
  );
}

/**
 * Whether a text can be the value of a label: empty, or up to 63 letters, digits, dashes, dots and underscores.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
 */
export function isLabelValue(text: string): boolean {
  return text === '' || (text.length <= 63 && qualifiedNamePattern.test(text));
}

/**
 * Whether a text is an IPv4 or IPv6 address without leading zeros (in IPv4) and without a zone.
 *
 * Kubernetes still takes `010.0.0.1`, but some read it as octal; it is refused here as later releases will refuse it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4291#section-2.2 for IPv6
 */
export function isIpAddress(text: string): boolean {
  return addressBits(text) !== undefined;
}

/**
 * Whether a text is a range of addresses such as `10.0.0.0/8`, as `loadBalancerSourceRanges` of a Service takes them.
 *
 * As in kube-apiserver, address bits after the prefix are allowed (`10.1.2.3/8`).
 *
 * @see https://www.rfc-editor.org/rfc/rfc4632#section-3.1
 */
export function isCidr(text: string): boolean {
  const [, address = '', length = ''] = /^([^/]*)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const bits = addressBits(address);
  return bits !== undefined && Number(length) <= bits;
}

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const ipv4Pattern = new RegExp(`^${octet}(?:\\.${octet}){3}$`);

/** The length of the address: 32 or 128 bits; undefined if it is none. */
function addressBits(text: string): 32 | 128 | undefined {
  if (ipv4Pattern.test(text)) return 32;

  // The last 32 bits may be written as IPv4: two groups like any other.
  const tail = text.slice(text.lastIndexOf(':') + 1);
  const whole = ipv4Pattern.test(tail) ? `${text.slice(0, -tail.length)}0:0` : text;

  const [before = '', after, ...more] = whole.split('::');
  if (more.length > 0) return undefined;
  const groups = [before, after ?? ''].filter((part) => part !== '').flatMap((part) => part.split(':'));
  const complete = after === undefined ? groups.length === 8 : groups.length < 8;
  return complete && groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) ? 128 : undefined;
}
