/**
 * The candidate that `word` is most likely a misspelling of, for "did you mean"; undefined if none is near.
 *
 * Near is one wrong, missing or added letter for every three, at most three, whatever the case: more would suggest names
 * that have nothing to do with what was meant. Of equally near ones the first wins.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.min(3, Math.ceil(word.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** How many letters to change, add or drop to turn `a` into `b` (https://en.wikipedia.org/wiki/Levenshtein_distance). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [index, letter] of Array.from(a).entries()) {
    row = row.reduce<number[]>((next, above, column) => {
      const diagonal = (row[column - 1] ?? Infinity) + (b[column - 1] === letter ? 0 : 1);
      return [...next, column === 0 ? index + 1 : Math.min(above + 1, (next[column - 1] ?? 0) + 1, diagonal)];
    }, []);
  }
  return row.at(-1) ?? 0;
}
