/** Takes the values of Secrets out of a text. */
export type Hide = (text: string) => string;

/** Takes the values of Secrets out of texts that are logged or reported. */
export interface Hider {
  /** Remembers a value to hide. */
  readonly learn: (value: string) => void;
  readonly hide: Hide;
}

/** A shorter value is hidden only where it stands alone: it would otherwise turn ordinary words into asterisks. */
const SHORT = 4;

/** Characters that mean something in a regular expression. */
function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Hides every value that it learns: a server may repeat in its error what it was sent. */
export function createHider(): Hider {
  const known = new Map<string, RegExp>();
  return {
    learn: (value) => {
      if (value === '' || known.has(value)) return;
      // As it is, and as a JSON string has it inside.
      const forms = [...new Set([value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)])];
      const pattern = forms.map(escape).join('|');
      known.set(
        value,
        value.length < SHORT ? new RegExp(`(?<!\\w)(?:${pattern})(?!\\w)`, 'g') : new RegExp(pattern, 'g'),
      );
    },
    hide: (text) => {
      // The longest first: a value may contain another.
      const patterns = [...known].sort(([a], [b]) => b.length - a.length);
      return patterns.reduce((rest, [, pattern]) => rest.replace(pattern, '********'), text);
    },
  };
}
