/** Where the package's own files lie (sql/, examples/, the built page), seen alike from the sources, from dist/ and from an installed package. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The absolute path of a file or folder of the package; `parts` count from where its package.json is. */
export function packagePath(...parts: string[]): string {
  let root = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(root, 'package.json'))) root = dirname(root);
  return join(root, ...parts);
}
