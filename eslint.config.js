import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** What the pure core may not touch: no clock, no randomness, no environment, no I/O (docs/architecture.md). */
const impureGlobals = ['process', 'fetch', 'setTimeout', 'setInterval', 'setImmediate', 'console', 'performance'].map(
  (name) => ({ name, message: 'The core is pure: pass the fact in as an argument.' }),
);

export default defineConfig(
  { ignores: ['dist/', 'coverage/', '**/*.gen.ts'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-empty-object-type': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
        { selector: 'ClassDeclaration[superClass=null]', message: 'A function does; no class without a reason.' },
      ],
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/{lib,kubernetes,api,plan,composition,components,status}/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...impureGlobals],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'The core is pure: entropy is an argument.' },
        { object: 'Date', property: 'now', message: 'The core is pure: it has no clock.' },
        { object: 'crypto', property: 'randomBytes', message: 'The core is pure: entropy is an argument.' },
      ],
    },
  },
  // Assertions are allowed where untyped wire data enters, and in tests, which build such data.
  {
    files: ['src/crossplane/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts', 'lab/**/*.ts'],
    rules: { '@typescript-eslint/consistent-type-assertions': 'off' },
  },
  { files: ['*.js', '.*.js', '.ci/*.js'], extends: [tseslint.configs.disableTypeChecked] },
);
