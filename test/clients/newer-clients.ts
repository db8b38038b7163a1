/** Clients newer than Debian's, which .ci/run puts beside the repository's own packages: Prisma, and Python's packages. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../.ci/clients/', import.meta.url));

/** The folder of Prisma's packages, or undefined where they are not. */
export const prismaFolder = present(
  `${folder}node_modules/@prisma/client`,
  'Prisma: npm ci --prefix .ci/clients',
)
  ? folder
  : undefined;

/** The folder for PYTHONPATH, or undefined where the packages are not. */
export const newerPython = present(
  `${folder}python/psycopg_binary`,
  'newer psycopg, SQLAlchemy, polars: pip install --target .ci/clients/python -r .ci/clients/requirements.txt',
)
  ? `${folder}python`
  : undefined;

function present(path: string, how: string): boolean {
  if (existsSync(path)) return true;
  console.log(`Not tested: ${how}, as .ci/run does`);
  return false;
}
