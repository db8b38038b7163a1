/** docs/settings.md says what src/settings.ts says. `npx vitest run test/documentation -u` writes it anew. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { settingTable } from '../../src/settings/table.js';

const page = fileURLToPath(new URL('../../docs/settings.md', import.meta.url));
const introduction = `# Settings

Flags win over the environment, and the environment over the defaults; \`hologen COMMAND --help\` lists those that a command takes. A value
that makes no sense is refused at the start (exit code 2). What a session can SET is in the [SQL reference](sql.md#settings-of-a-session).

| flag | environment | default | meaning |
|---|---|---|---|
`;

test('docs/settings.md lists every setting with its default and meaning', async () => {
  const code = (text: string | undefined) => (text ? `\`${text}\`` : '');
  const rows = Object.values(settingTable).map((entry: (typeof settingTable)[keyof typeof settingTable]) => {
    const { flag, value, env, meaning, ...rest } = { flag: '', value: '', ...entry };
    const byDefault = 'default' in rest ? rest.default : undefined;
    const words = [flag && code(`--${flag}${value ? ` ${value}` : ''}`), code(env), code(byDefault), meaning];
    return `| ${words.join(' | ')} |\n`;
  });
  await expect(introduction + rows.join('')).toMatchFileSnapshot(page);
});
