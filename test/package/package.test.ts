/** The npm package: what is in it, and that it installs and runs in another place, without this repository. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDirectory } from '../cli/spawned-gateway.js';
import { runProgram } from '../programs.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Installing fetches what npm's cache does not have. */
const slowestInstallMs = 600_000;

interface Packed {
  filename: string;
  size: number;
  unpackedSize: number;
  files: { path: string; mode: number }[];
}

let folder: string;
let packed: Packed;

beforeAll(async () => {
  folder = await makeDirectory();
  // npm test has built dist already, and other test files run it at this moment: no building again.
  const { stdout } = await npm(root, 'pack', '--ignore-scripts', '--json', '--pack-destination', folder);
  [packed] = JSON.parse(stdout);
}, slowestInstallMs);
afterAll(() => rm(folder, { recursive: true, force: true }));

function npm(where: string, ...args: string[]) {
  return runProgram('npm', ['--prefix', where, ...args], { npm_config_loglevel: 'error' }, where);
}

test('the package holds what runs and what explains it, and nothing else', () => {
  const paths = packed.files.map(({ path }) => path);
  const foreign = paths.filter(
    (path) =>
      !/^(dist\/.+\.js|sql\/.+\.sql|examples\/.+|docs\/.+\.(md|png|json)|README\.md|CHANGELOG\.md|LICENSE|package\.json)$/.test(
        path,
      ),
  );
  // What the console's page is made of is not JavaScript alone.
  expect(foreign.filter((path) => !path.startsWith('dist/page/'))).toEqual([]);
  for (const needed of [
    ...[
      'dist/src/cli/hologen.js',
      'dist/src/main.js',
      'sql/code/everywhere/0002-functions.sql',
      'sql/tables/home/0001-tables.sql',
    ],
    ...['examples/scenarios/1-text-to-image.sql', 'README.md', 'LICENSE'],
  ])
    expect(paths).toContain(needed);
  console.log(
    `hologen.tgz: ${Math.round(packed.size / 1024)} KiB packed, ${Math.round(packed.unpackedSize / 1024)} KiB in ${paths.length} files`,
  );
  expect(packed.size).toBeLessThan(1024 * 1024);
});

test(
  'installed elsewhere, npx hologen explains itself and the demo runs every scenario',
  async () => {
    const place = join(folder, 'elsewhere');
    await npm(folder, 'install', '--prefer-offline', '--no-save', join(folder, packed.filename));
    const hologen = (...args: string[]) =>
      runProgram(
        'npx',
        ['--prefix', folder, '--no-install', 'hologen', ...args],
        { HOLOGEN_DATA_DIR: place, HOLOGEN_SANDBOX_IMAGE_MS: '20', HOLOGEN_SANDBOX_VIDEO_MS: '100' },
        folder,
      );
    expect((await hologen('--help')).stdout).toMatch(/^hologen: .*\n[\s\S]*\n +demo /);
    const { stdout } = await hologen('demo');
    expect(stdout).toMatch(/All scenarios ran/);
    expect(stdout).toMatch(/demo --keep .* leaves it running/);
    expect(stdout.match(/oss:\/\/demo\/\S+\.png/g)?.length).toBeGreaterThanOrEqual(3);
    expect(stdout.match(/oss:\/\/demo\/\S+\.mp4/g)?.length).toBeGreaterThanOrEqual(4);
  },
  slowestInstallMs,
);
