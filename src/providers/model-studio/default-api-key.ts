/** The default API key: the setting, else the field that Alibaba's own skills read from the shared credentials file. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** `dashscope_api_key` under [default] of ~/.alibabacloud/credentials. */
export async function findDefaultApiKey(
  setting: string | undefined,
  home: string,
): Promise<string | undefined> {
  if (setting) return setting;
  const text = await readFile(join(home, '.alibabacloud', 'credentials'), 'utf8').catch(() => '');
  const section = text.split(/^\s*\[/m).find((part) => part.startsWith('default]'));
  return /^\s*dashscope_api_key\s*=\s*(\S+)\s*$/m.exec(section ?? '')?.[1];
}
