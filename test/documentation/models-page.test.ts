/** docs/models.md is made from the model tables: `npx vitest run test/documentation/models-page.test.ts -u` writes it. */
import { expect, test } from 'vitest';
import { families } from '../../src/providers/model-studio/families.js';
import { knownTypes } from '../../src/providers/model-studio/known-types.js';

const columns = ['model_type', 'scenarios', 'sizes', 'pictures', 'duration', 'reference_files', 'price'];

function row(model: Record<string, unknown>): string {
  const cells = columns.map((name) =>
    String(model[name] ?? '')
      .replaceAll(',', ', ')
      .replace(/ {2,}/g, ' '),
  );
  const limit = `${model.submits_per_second}/s${model.concurrent_tasks ? `, ${model.concurrent_tasks} running` : ''}`;
  return `| ${[...cells, limit].join(' | ')} |`;
}

test('the page has every model type with what it takes, costs and allows', async () => {
  const models = knownTypes(families).describe();
  const page = `# Models

What \`hologen.supported_models\` tells: each model type of Model Studio that can be deployed, from its API, limits and price pages. Prices are of the
Beijing price list; a deployed model's config may give others, and other limits. Names with a date behind are taken too.

A type that is not here is deployed with the form of one that is: \`CALL register_external_model('new_t2v', 'wan2.8-t2v', 'bailian', '{"like":
"wan2.7-t2v", "duration": [4, 20], "resolutions": ["1080P", "4K"], "price": {"per_second": {"1080P": 1, "4K": 2.5}}}', 'video-generation')\`. Its config
may give \`duration\`, \`pictures\` and \`reference_files\` as [least, most], \`resolutions\` and \`ratios\` as lists, \`prompt_characters\`, \`price\`; what it
leaves out, its price too, is that of the known type. Without \`like\` an unknown type is refused.

Input videos whose length only the provider reads are estimated with the longest it takes, so an estimate is never below the bill.

| ${[...columns, 'limit'].join(' | ')} |
|${columns.map(() => '---').join('|')}|---|
${models.map(row).join('\n')}
`;
  await expect(page).toMatchFileSnapshot('../../docs/models.md');
});
