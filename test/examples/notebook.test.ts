/** examples/notebook.ipynb, run from its first cell to its last by Jupyter itself against a gateway in the sandbox. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startTestGateway } from '../gateway.js';
import { runProgram } from '../programs.js';

const notebook = fileURLToPath(new URL('../../examples/notebook.ipynb', import.meta.url));
/** Jupyter's own start is most of it. */
const slowestRunMs = 300_000;

interface Cell {
  cell_type: 'code' | 'markdown';
  execution_count?: number | null;
  outputs?: { output_type: string; data?: Record<string, string | string[]>; text?: string[] }[];
}

function codeCells(text: string): Cell[] {
  return (JSON.parse(text).cells as Cell[]).filter((cell) => cell.cell_type === 'code');
}

test(
  'every cell of the notebook runs, and the pictures stand inside it',
  async () => {
    await using gateway = await startTestGateway();
    const arguments_ = [
      '--to',
      'notebook',
      '--execute',
      '--ExecutePreprocessor.timeout=300',
      '--stdout',
      notebook,
    ];
    const { stdout } = await runProgram('/usr/bin/python3', ['-m', 'nbconvert', ...arguments_], {
      HOLOGEN_URL: gateway.url,
    });
    const cells = codeCells(stdout);
    const outputs = cells.flatMap((cell) => cell.outputs ?? []);
    expect(cells.filter((cell) => cell.execution_count == null)).toEqual([]);
    expect(outputs.filter((output) => output.output_type === 'error')).toEqual([]);
    const pictures = outputs.flatMap((output) => output.data?.['image/png'] ?? []);
    expect(pictures).toHaveLength(4);
    for (const picture of pictures)
      expect(Buffer.from(picture, 'base64').subarray(1, 4).toString()).toBe('PNG');
    const said = outputs
      .map(({ data, text }) => [data?.['text/plain'] ?? [], text ?? []].flat().join(''))
      .join('\n');
    expect(said).toMatch(/oss:\/\/demo\/notebook\/.+\.png/);
    expect(said).toMatch(/copper kettle/);
    expect(await gateway.requests()).toHaveLength(5);
  },
  slowestRunMs,
);

test('the notebook in the repository holds no output', async () => {
  for (const cell of codeCells(await readFile(notebook, 'utf8'))) {
    expect(cell.outputs).toEqual([]);
    expect(cell.execution_count).toBeNull();
  }
});
