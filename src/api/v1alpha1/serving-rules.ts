import type { Rule } from './rule.ts';
import { defaultStore } from './stores.ts';

/** Each of them is several objects for Crossplane, which slows down where one server has too many. */
const MOST_VOLUMES_AND_SECRETS = 12;

/** What a spec says of volumes and users. */
interface Serving {
  readonly shares?: readonly { readonly volume?: unknown }[] | undefined;
  readonly users?: readonly { readonly passwordSecretRef?: unknown }[] | undefined;
}

/** CEL for how many items of a list pass a test. */
function celCount(list: string, test: string): string {
  return `(has(self.${list}) ? self.${list}.filter(i, ${test}).size() : 0)`;
}

const notTooMany: Rule<Serving> = {
  cel: `${celCount('shares', 'has(i.volume)')} + ${celCount('users', '!has(i.passwordSecretRef)')} <= ${MOST_VOLUMES_AND_SECRETS}`,
  says: `has more than ${MOST_VOLUMES_AND_SECRETS} volumes of shares and users without passwordSecretRef together: give users a passwordSecretRef, or make volumes by hand`,
  reads: ['shares', 'users'],
  holds: ({ shares = [], users = [] }) =>
    shares.filter(({ volume }) => volume !== undefined).length +
      users.filter(({ passwordSecretRef }) => passwordSecretRef === undefined).length <=
    MOST_VOLUMES_AND_SECRETS,
};

/** CEL for the store that a share means where it names none: the first of a list, of which there is one then. */
function celMeant(of: 'self' | 'oldSelf', list: string): string {
  const above = list.split('.').slice(0, -1);
  const has = [...above.map((_, depth) => above.slice(0, depth + 1).join('.')), list]
    .map((field) => `has(${of}.${field})`)
    .join(' && ');
  return `(${has} && ${of}.${list}.size() > 0 ? ${of}.${list}[0].name : '${defaultStore}')`;
}

/** CEL for the names of the shares that name no store. */
function celUnnamed(of: 'self' | 'oldSelf', field: string): string {
  return `${of}.shares.filter(i, !has(i.${field})).map(i, i.name)`;
}

/**
 * A transition rule of shares that name no store, before or after: declaring another store may not make another one be
 * meant. Where both name one, the rule of the share itself speaks, and says which share.
 *
 * Names are looked up in lists: two nested loops over 256 shares would take the API server seconds on every write, and
 * a list in a list of one is how CEL keeps a value.
 */
function sameMeaning(field: 'metadataStore' | 'localBlockStore', list: string): Rule<Serving> {
  const meant = celMeant('self', list);
  const meantBefore = celMeant('oldSelf', list);
  const stays = `self.shares.all(s, !(s.name in names) || (has(s.${field}) ? s.${field} : ${meant}) == ${meantBefore})`;
  const stayed = `oldSelf.shares.all(o, !has(o.${field}) || !(o.name in names) || o.${field} == ${meant})`;
  return {
    cel: `!has(self.shares) || !has(oldSelf.shares) || ([${celUnnamed('oldSelf', field)}].all(names, ${stays}) && [${celUnnamed('self', field)}].all(names, ${stayed}))`,
    says: `would move a share to another ${field} than it was made with, in which its files would read as zeros: name in each share the one that it has, which is ${defaultStore} where none was declared`,
    field: ['shares'],
  };
}

/** Rules that join lists of the spec, and stand on the spec itself. */
export const servingRules: readonly Rule<Serving>[] = [
  notTooMany,
  sameMeaning('metadataStore', 'metadataStores'),
  sameMeaning('localBlockStore', 'blockStores.local'),
];
