import * as z from 'zod';
import { each } from './fields.ts';

/** NFS operations that the server can refuse. */
const nfsOperations = [
  'NULL',
  'GETATTR',
  'SETATTR',
  'LOOKUP',
  'ACCESS',
  'READLINK',
  'READ',
  'WRITE',
  'CREATE',
  'MKDIR',
  'SYMLINK',
  'MKNOD',
  'REMOVE',
  'RMDIR',
  'RENAME',
  'LINK',
  'READDIR',
  'READDIRPLUS',
  'FSSTAT',
  'FSINFO',
  'PATHCONF',
  'COMMIT',
  'OPEN',
  'CLOSE',
  'LOCK',
  'LOCKT',
  'LOCKU',
  'DELEGRETURN',
  'PUTFH',
  'PUTROOTFH',
  'GETFH',
  'SAVEFH',
  'RESTOREFH',
  'VERIFY',
  'NVERIFY',
  'SECINFO',
  'SETCLIENTID',
  'RENEW',
] as const;

/** SMB operations that the server can refuse. */
const smbOperations = [
  'NEGOTIATE',
  'SESSION_SETUP',
  'LOGOFF',
  'TREE_CONNECT',
  'TREE_DISCONNECT',
  'CREATE',
  'CLOSE',
  'FLUSH',
  'READ',
  'WRITE',
  'LOCK',
  'IOCTL',
  'CANCEL',
  'ECHO',
  'QUERY_DIRECTORY',
  'CHANGE_NOTIFY',
  'QUERY_INFO',
  'SET_INFO',
  'OPLOCK_BREAK',
] as const;

/** Both, each once: a share does not tell them apart. */
const allOperations = [...new Set([...nfsOperations, ...smbOperations])] as const;

/** A list of NFS operations. */
export function nfsOperationList() {
  return each(z.enum(nfsOperations), 64);
}

/** A list of SMB operations. */
export function smbOperationList() {
  return each(z.enum(smbOperations), 64);
}

/** A list of operations of either protocol. */
export function operationList() {
  return each(z.enum(allOperations), 64);
}
