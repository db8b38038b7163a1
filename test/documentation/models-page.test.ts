/** docs/models.md is made from the model tables: `npx vitest run test/documentation/models-page.test.ts -u` writes it. */
import { expect, test } from 'vitest';
import { families } from '../../src/providers/model-studio/families.js';
import { knownTypes } from '../../src/providers/model-studio/known-types.js';

const columns = [
  ...['model_type', 'scenarios', 'fields', 'sizes', 'pictures', 'duration', 'reference_files'],
  ...['price', 'limit', 'source'],
];
/** What every type has. */
const always = ['model_type', 'scenarios', 'fields', 'price', 'limit', 'source'];

/** Of each column what stands there. */
function cellsOf(model: Record<string, unknown>): Record<string, string> {
  const running = model.concurrent_tasks ? `, ${model.concurrent_tasks} running` : '';
  const source = `[${String(model.source).split('/').at(-1)}](${model.source})`;
  const cells = { ...model, limit: `${model.submits_per_second}/s${running}`, source };
  const text = (value: unknown) => (Array.isArray(value) ? value.join(', ') : String(value ?? ''));
  return Object.fromEntries(Object.entries(cells).map(([name, value]) => [name, text(value)]));
}

test('the page has every model type with what it takes, costs and allows', async () => {
  const models = knownTypes(families).describe([]).map(cellsOf);
  for (const model of models) for (const column of always) expect(model[column], column).toMatch(/\S/);
  const page = `# Models

What \`hologen.supported_models\` tells: each model type of Model Studio that can be deployed, from its API, limits and price pages. Prices are of the
Beijing price list; a deployed model's config may give others, and other limits. Names with a date behind are taken too.

A type that is not here is deployed with the form of one that is: \`CALL register_external_model('new_t2v', 'wan2.8-t2v', 'bailian', '{"like":
"wan2.7-t2v", "duration": [4, 20], "resolutions": ["1080P", "4K"], "price": {"per_second": {"1080P": 1, "4K": 2.5}}}', 'video-generation')\`. Its config
may give \`duration\`, \`pictures\` and \`reference_files\` as [least, most], \`resolutions\` and \`ratios\` as lists, \`prompt_characters\`, \`price\`; what it
leaves out, its price too, is that of the known type; it keeps that form when a later version of hologen has the type in this table. Without \`like\` an
unknown type is refused with the nearest names, but for chat and embedding models, which are too many to list and share one form: any name is taken that does
not speak of another task (\`…-t2v\`, \`…-image\`, \`…-embedding\`, \`…-rerank\`).

What \`ai_estimate\` says of pictures, videos and speech is what they cost, to the cent. It is the most that they can cost, and so never below the bill, where only the answer
tells how much it is: tokens of text (a token a byte, and the longest answer that the request allows; no number where it bounds none), pictures and videos that are embedded or shown to
a chat model, \`"duration": -1\`, sequences and texts with pictures (\`enable_sequential\`, \`enable_interleave\`), and input videos and sounds whose beginning does not tell their length
(WAV, MP3 of a constant rate, MP4 and MOV whose index stands first do). Speech is billed by the seconds in which somebody speaks, so silence makes the bill smaller.

The source tells a type's fields; prices are from [model-pricing](https://help.aliyun.com/zh/model-studio/model-pricing) and limits from
[rate-limit](https://help.aliyun.com/zh/model-studio/rate-limit) (summer and autumn 2026), those of chat models from the provider's list of models (spring 2026). Price
lists change: a deployed model's own \`price\` wins.

| ${columns.join(' | ')} |
|${columns.map(() => '---').join('|')}|
${models.map((model) => `| ${columns.map((name) => model[name] ?? '').join(' | ')} |`).join('\n')}
`;
  await expect(page).toMatchFileSnapshot('../../docs/models.md');
});
