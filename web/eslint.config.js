import { readdirSync } from 'node:fs';
import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import globals from 'globals';
import tseslint from 'typescript-eslint';

// The floors of the web client: main → App → screens → { state, kit, lang }; state → { wire, crypto, delivery, search, ledger }; delivery → crypto → ledger; search → keep.
const floors = ['kit', 'lang', 'wire', 'crypto', 'delivery', 'keep', 'search', 'ledger', 'state'];
const screens = readdirSync('src', { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !floors.includes(entry.name))
  .map((entry) => entry.name);

const sdk = { group: ['matrix-js-sdk', 'matrix-js-sdk/**'], message: 'matrix-js-sdk is driven by wire/, crypto/ and state/ alone' };
const cryptoLibrary = {
  group: ['@matrix-org/matrix-sdk-crypto-wasm', '@matrix-org/matrix-sdk-crypto-wasm/**', 'matrix-js-sdk/lib/crypto-api', 'matrix-js-sdk/lib/crypto-api/**', 'matrix-js-sdk/lib/rust-crypto/**', 'matrix-js-sdk/lib/common-crypto/**'],
  message: 'the Matrix crypto library is imported by crypto/ alone',
};
const react = { group: ['react', 'react-dom', 'react-dom/**'], message: 'state is plain classes; state/use*.ts are the doors to React' };

/**
 * A rule that what lies in folder may not import those folders of src, nor the given packages.
 * @param {string} folder
 * @param {string[]} mayNot
 * @param {{ group: string[], message: string }[]} packages
 * @param {string[]} ignores
 * @returns {import('eslint').Linter.Config}
 */
function floor(folder, mayNot, packages = [], ignores = []) {
  const patterns = mayNot.map((name) => ({ group: [`**/${name}/**`], message: `${folder}/ may not import ${name}/` }));
  return {
    files: [`src/${folder}/**/*.{ts,tsx}`],
    ignores,
    rules: { 'no-restricted-imports': ['error', { patterns: [...patterns, ...packages] }] },
  };
}
const tests = ['src/**/*.test.{ts,tsx}'];

export default tseslint.config(
  { ignores: ['dist', 'node_modules'] },
  js.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}', 'test/**/*.ts', '*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true }, globals: globals.browser },
    plugins: { 'react-hooks': reactHooks },
    rules: {
      ...reactHooks.configs.recommended.rules,
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-non-null-assertion': 'error',
      // The SDK's enums are names of strings that come over the wire.
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      'max-lines': ['error', { max: 600 }],
      'no-console': 'error',
      'no-restricted-globals': ['error', ...['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource'].map((name) => ({ name, message: 'only wire/ fetches' }))],
      'no-restricted-properties': ['error', ...['window', 'globalThis', 'self'].map((object) => ({ object, property: 'fetch', message: 'only wire/ fetches' }))],
      'no-restricted-syntax': [
        'error',
        { selector: 'JSXAttribute[name.name="style"]', message: 'looks belong in CSS' },
        { selector: 'JSXAttribute[name.name="dangerouslySetInnerHTML"]', message: 'no HTML from strings' },
        { selector: 'JSXText[value=/[A-Za-z\\u3041-\\u30ff\\u4e00-\\u9fff]{2}/]', message: 'every sentence stands in lang/' },
      ],
    },
  },
  { files: ['src/wire/**'], rules: { 'no-restricted-globals': 'off', 'no-restricted-properties': 'off' } },
  { files: ['src/**/*.tsx'], ignores: tests, rules: { 'max-lines': ['error', { max: 300 }] } },
  { files: tests, rules: { 'no-restricted-syntax': 'off', '@typescript-eslint/no-non-null-assertion': 'off' } },
  floor('kit', ['lang', 'wire', 'crypto', 'keep', 'search', 'ledger', 'delivery', 'state', ...screens], [sdk, cryptoLibrary]),
  floor('lang', ['kit', 'wire', 'crypto', 'keep', 'search', 'ledger', 'delivery', 'state', ...screens], [sdk, cryptoLibrary]),
  floor('keep', ['kit', 'lang', 'wire', 'crypto', 'search', 'ledger', 'delivery', 'state', ...screens], [sdk, cryptoLibrary, react]),
  floor('ledger', ['kit', 'lang', 'wire', 'crypto', 'keep', 'search', 'delivery', 'state', ...screens], [sdk, cryptoLibrary, react]),
  floor('search', ['kit', 'lang', 'wire', 'crypto', 'ledger', 'delivery', 'state', ...screens], [sdk, cryptoLibrary, react]),
  floor('wire', ['kit', 'crypto', 'search', 'ledger', 'delivery', 'state', ...screens], [cryptoLibrary, react]),
  floor('delivery', ['kit', 'lang', 'wire', 'search', 'ledger', 'state', ...screens], [cryptoLibrary, react]),
  floor('crypto', ['kit', 'lang', 'wire', 'search', 'delivery', 'state', ...screens], [react]),
  floor('state', ['kit', ...screens], [cryptoLibrary, react], ['src/state/use*.ts']),
  ...screens.map((screen) => floor(screen, ['wire', 'crypto', 'keep', 'search', 'ledger', 'delivery', ...screens.filter((other) => other !== screen)], [sdk, cryptoLibrary])),
  {
    files: ['*.{js,ts}', 'bench/*.mjs', 'e2e/**/*.mjs'],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
  },
);
