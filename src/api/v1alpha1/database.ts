import * as z from 'zod';
import { connections, DOTS, host, objectName, port, SecretKey, text } from './fields.ts';
import { pattern, withRules } from './rule.ts';

const databaseFile = pattern('^/data/controlplane(/[^/]+)+$');

const Sqlite = z.strictObject({
  path: withRules(text(1024), [
    {
      cel: `${databaseFile.cel()} && !${DOTS.cel()}`,
      says: 'is not a file under /data/controlplane/ such as "/data/controlplane/controlplane.db"',
      holds: (path) => databaseFile.test(path) && !DOTS.test(path),
    },
  ])
    .default('/data/controlplane/controlplane.db')
    .meta({ description: 'File of the database, on the control-plane volume.' }),
});

const Postgres = z.strictObject({
  host: host().meta({ description: 'Name or address of the PostgreSQL server.' }),
  port: port().default(5432).meta({ description: 'Its port.' }),
  database: text(63).meta({ description: 'Name of the database; its encoding has to be UTF8.' }),
  user: text(63).meta({ description: 'User that owns the tables.' }),
  sslMode: z.enum(['disable', 'require', 'verify-ca', 'verify-full']).default('require').meta({
    description:
      'How the connection is protected. require encrypts; verify-ca also checks who signed the server’s certificate, and verify-full its name.',
  }),
  passwordSecretRef: SecretKey.meta({ description: 'Secret with the user’s password.' }),
  caSecretRef: SecretKey.optional().meta({
    description: 'Secret with the certificates that verify-ca and verify-full trust; the image’s own when left out.',
  }),
  maxOpenConns: connections(1).optional().meta({ description: 'Most connections; the server’s own default is 25.' }),
  maxIdleConns: connections(0).optional().meta({ description: 'Most idle ones; the server’s own default is 5.' }),
});

/** The spec of the control-plane database. */
export const Database = withRules(
  z.strictObject({
    type: z.enum(['sqlite', 'postgres']).default('sqlite').meta({
      description:
        'The kind of control-plane database. postgres, postgresSecretRef and percona.enabled each mean postgres, whatever is said here.',
    }),
    sqlite: Sqlite.prefault({}).meta({ description: 'SQLite on the control-plane volume.' }),
    postgres: Postgres.optional().meta({ description: 'A PostgreSQL of yours, by its address.' }),
    postgresSecretRef: z
      .strictObject({
        name: objectName('Secret').meta({ description: 'Name of the Secret.' }),
        key: text().optional().meta({ description: 'Accepted for compatibility, without effect.' }),
        optional: z.boolean().optional().meta({
          description: 'Accepted for compatibility, without effect: a missing Secret or key is always reported.',
        }),
      })
      .optional()
      .meta({
        description:
          'A PostgreSQL of yours, by a Secret with the keys host, user, password and database (or dbname), and perhaps port and sslmode, which is require when left out.',
      }),
  }),
  [
    {
      cel: '!has(self.postgres) || !has(self.postgresSecretRef)',
      says: 'stands beside database.postgres: choose one of the two',
      field: ['postgresSecretRef', 'name'],
      reads: ['postgres', 'postgresSecretRef'],
      holds: ({ postgres, postgresSecretRef }) => postgres === undefined || postgresSecretRef === undefined,
    },
  ],
);
