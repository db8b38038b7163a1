/** `hologen migrate`: installs or updates hologen's schema in an engine. */
import { parseEngineUrl } from '../engine/address.js';
import { settleEncryption } from '../engine/connect.js';
import { migrateHome } from '../engine/migrate.js';
import { UsageError } from '../errors.js';
import { readSettings } from '../settings/read.js';
import type { SettingName } from '../settings/table.js';
import { type Command, helpText } from './command.js';

const flags: SettingName[] = ['engineUrl', 'dataDir', 'settingsFile'];

export const migrateCommand: Command = {
  summary: 'install or update the schema in a PostgreSQL of yours',
  help: helpText(
    'migrate [--engine-url URL] [options]',
    'Installs sql/ into the database of the URL, in one transaction; what is there already stays. hologen serve does it too.\nThe URL may stand in the settings file, too.',
    flags,
  ),
  async run(args) {
    const { configuration } = readSettings(args, process.env, flags);
    const { url } = configuration.engine;
    if (!url)
      throw new UsageError(
        '--engine-url is missing, and neither HOLOGEN_ENGINE_URL nor the settings file names it',
      );
    const installed = await migrateHome(await settleEncryption(parseEngineUrl(url)));
    console.log(
      installed.length === 0 ? 'up to date' : installed.map((name) => `installed ${name}`).join('\n'),
    );
    return 0;
  },
};
