import { spawnSync } from 'node:child_process';
import type { Shell } from '../../../lab/shell.ts';

/** Which of Debian's programs are not there. Under CI all have to be; elsewhere it is said what is not tested. */
export function missingPrograms(programs: readonly string[], untested: string): readonly string[] {
  const missing = programs.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
  if (missing.length > 0) {
    const why = `${missing.join(', ')} not found: ${untested}`;
    if (process.env.CI === 'true') throw new Error(why);
    process.stderr.write(`${why}\n`);
  }
  return missing;
}

/** Commands with other texts in the place of some; throws where one of these does not occur, because nothing would be replaced. */
export function replacing(commands: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`cannot replace ${from}: it is not in\n${commands}`);
    return text.replaceAll(from, to);
  }, commands);
}

/** A shell with more variables. */
export function withVariables(shell: Shell, variables: Readonly<Record<string, string>>): Shell {
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'\n`);
  return async (commands) => shell(`${exports.join('')}${commands}`);
}
