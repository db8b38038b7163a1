/** The default API key: the setting, else the field that Alibaba's own skills read from the shared credentials file. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../errors.js';

/** `dashscope_api_key` under [default] of ~/.alibabacloud/credentials. Throws a UsageError where no header carries the key. */
export async function findDefaultApiKey(
  setting: string | undefined,
  home: string,
): Promise<string | undefined> {
  if (setting) return fitForHeader(setting, 'DASHSCOPE_API_KEY');
  const file = join(home, '.alibabacloud', 'credentials');
  const text = await readFile(file, 'utf8').catch(() => '');
  const section = text.split(/^\s*\[/m).find((part) => part.startsWith('default]'));
  const key = /^\s*dashscope_api_key\s*=\s*(\S+)\s*$/m.exec(section ?? '')?.[1];
  return key && fitForHeader(key, `dashscope_api_key in ${file}`);
}

/** The key itself is a secret, and not repeated. */
function fitForHeader(key: string, where: string): string {
  const at = key.search(/[^!-~]/);
  if (at < 0) return key;
  const sign = (key.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  throw new UsageError(
    `${where} must be of printable ASCII without blanks, as it is sent in a header; it has U+${sign} at place ${at + 1}. Copy the key again from the API-key page of the Model Studio console.`,
  );
}
