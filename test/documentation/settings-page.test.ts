/** docs/settings.md says what src/settings.ts says. `npx vitest run test/documentation -u` writes it anew. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { settingTable } from '../../src/settings/table.js';

const page = fileURLToPath(new URL('../../docs/settings.md', import.meta.url));
const introduction = `# Settings

Flags win over the environment, the environment over the settings file (\`--settings-file\`, else \`settings.env\` in the data directory, if it is there), and that over the defaults;
\`hologen COMMAND --help\` lists those that a command takes. The file is read by what starts a gateway or looks at its engine: \`serve\`, \`image\`, \`migrate\` and \`check\`.
\`hologen demo\`, whose gateway is a sandbox in a directory of its own, does not read it, nor do the commands that only look for a gateway that runs: what those alone go by (\`HOLOGEN_URL\`,
\`HOLOGEN_SPEND_AT_MOST\`) is refused in the file, as is what says where the file is.
A value that makes no sense is refused at the start (exit code 2). What a session can SET is in the [SQL reference](sql.md#settings-of-a-session).

The file is read again by \`hologen reload\`, \`CALL reload_settings()\` and SIGHUP, together with the certificate; what it says of the settings that are *live* holds from then on, and of the others it is
told that they need a restart. A file with something wrong in it changes nothing: the answer names the setting. A setting that the environment has, too, is
changed there alone, and so not without a restart. Where the file holds keys, let nobody but the gateway's user read it.

| flag | environment | default | live | meaning |
|---|---|---|---|---|
`;

test('docs/settings.md lists every setting with its default and meaning', async () => {
  const code = (text: string | undefined) => (text ? `\`${text}\`` : '');
  const rows = Object.values(settingTable).map((entry: (typeof settingTable)[keyof typeof settingTable]) => {
    const { flag, value, env, meaning, ...rest } = { flag: '', value: '', ...entry };
    const byDefault = 'default' in rest ? rest.default : undefined;
    const live = 'live' in rest ? 'live' : '';
    const flags = flag && code(`--${flag}${value ? ` ${value}` : ''}`);
    const words = [flags, code(env), code(byDefault), live, meaning];
    return `| ${words.join(' | ')} |\n`;
  });
  await expect(introduction + rows.join('')).toMatchFileSnapshot(page);
});
