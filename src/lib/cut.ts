/** A text of at most `longest` characters; what is cut off is marked, and no character is cut in half. */
export function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const kept = text.slice(0, longest - 1);
  const last = kept.charCodeAt(kept.length - 1);
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return `${isHalf ? kept.slice(0, -1) : kept}…`;
}
