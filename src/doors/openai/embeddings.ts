/** `POST /v1/embeddings`: the vectors of texts, all asked for at once. @see https://platform.openai.com/docs/api-reference/embeddings/create */
import { type Json, optionalChoice, refuse } from '../../fields.js';
import type { Asked } from './asked.js';
import { refuseOthers, requiredTextAt, wholeNumberAt } from './request.js';
import { spentAt } from './spent.js';

/** OpenAI's own limit. */
const mostTexts = 2048;

export async function embed({ body, runAs }: Asked): Promise<Json> {
  refuseOthers(body, ['model', 'input', 'dimensions', 'encoding_format'], {}, 'a request for embeddings');
  const model = requiredTextAt(body, 'model');
  const texts = textsOf(body.input);
  const dimensions = wholeNumberAt(body, 'dimensions');
  const form = optionalChoice(body, 'encoding_format', ['float', 'base64']) ?? 'float';
  const requests = texts.map((prompt) => JSON.stringify({ prompt, parameters: { dimensions } }));
  const { vectors, spent } = await runAs(async (role) => {
    await role.query("SELECT set_config('ai_gen.max_calls', $1, false)", [String(texts.length)]);
    const rows = await role.query<{ vector: string; at: string }>(
      `SELECT hologen.ai_gen($1::text, request, NULL) AS vector, statement_timestamp()::text AS at
       FROM unnest($2::text[]) WITH ORDINALITY AS r (request, place) ORDER BY place`,
      [model, requests],
    );
    return { vectors: rows.map((row) => row.vector), spent: await spentAt(role, rows[0]?.at ?? '') };
  });
  const data = vectors.map((text, index) => ({ object: 'embedding', index, embedding: inForm(text, form) }));
  const usage = { prompt_tokens: spent.promptTokens, total_tokens: spent.promptTokens };
  return { object: 'list', data, model, usage, hologen: spent.hologen };
}

function textsOf(input: unknown): string[] {
  const texts = typeof input === 'string' ? [input] : input;
  const fits =
    Array.isArray(texts) &&
    texts.length > 0 &&
    texts.length <= mostTexts &&
    texts.every((text) => typeof text === 'string' && text !== '');
  return fits
    ? texts
    : refuse(
        'input',
        input,
        `a text or an array of 1 to ${mostTexts} texts (numbers of tokens are not taken)`,
      );
}

/** The text of a PostgreSQL array; base64 is of little-endian 32-bit floats. */
function inForm(vector: string, form: string): number[] | string {
  const numbers = vector.slice(1, -1).split(',').map(Number);
  if (form === 'float') return numbers;
  const bytes = Buffer.alloc(numbers.length * 4);
  numbers.forEach((number, index) => void bytes.writeFloatLE(number, index * 4));
  return bytes.toString('base64');
}
