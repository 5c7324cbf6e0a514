import * as z from 'zod';
import type { DeclaredShare } from '../api/provisioning.ts';
import { nameOf } from './change.ts';
import { changed, differences } from './compare.ts';
import { sharePath } from './path.ts';
import { changeFor, type Round } from './round.ts';
import { readAs } from './server-state.ts';

/** Options that a running server takes up only when it starts again, those of a share that was just made, too. https://github.com/marmos91/dittofs/issues/2580 */
const restartFields = ['allow_auth_sys', 'require_kerberos', 'min_kerberos_level', 'disable_readdirplus'];

const Options = z.record(z.string(), z.json());

/** Sends the options of a share's NFS export that differ; whether it has them now. */
export async function convergeExport(round: Round, { name, nfs }: DeclaredShare): Promise<boolean> {
  if (Object.keys(nfs).length === 0) return true;
  const where = sharePath(name, 'adapters', 'nfs', 'config');
  const read = await readAs(round.send, where, Options);
  if (!read.ok && read.status !== 404) {
    round.problem('share', name, `its NFS options cannot be read: ${read.reason}`);
    return false;
  }
  const changes = differences(nfs, read.ok ? read.value : {});
  if (changes.length === 0) return true;
  const fields = changes.map((change) => ({ ...change, name: `nfs.${change.name}` }));
  const needsRestart = changes.some((change) => restartFields.includes(change.name));
  const answer = await changeFor(
    round,
    needsRestart ? `NFS options of ${nameOf('share', name)}` : undefined,
    { kind: 'share', name, action: 'update', fields },
    { method: 'PATCH', path: where, body: changed(nfs, changes) },
  );
  if (!answer.ok) round.problem('share', name, `its NFS options cannot be changed: ${answer.reason}`);
  return answer.ok;
}
