/** Calls of the AI functions besides ai_gen, as texts. */
import type { Random } from '../random.js';

/** Of the models of this number; what is asked about is seldom NULL. */
export function otherCall(random: Random, number: number, content: string): string {
  const model = `'m${number}'`;
  const labels = random.pick([
    "ARRAY['fox', 'owl']",
    "ARRAY['a', 'b', 'c']",
    "'{x,y}'::text[]",
    `ARRAY['n', left(${content}, 3) || '?']`,
  ]);
  const language = random.pick(["'en'", "'de'", `CASE WHEN ${content} > 'm' THEN 'en' ELSE 'fr' END`]);
  return random.pick([
    `ai_classify(${model}, ${content}, ${labels})`,
    `ai_classify(${model}, ${content}, ${labels})`,
    `ai_sentiment(${model}, ${content})`,
    `ai_extract(${model}, ${content}, ${labels})::text`,
    `(ai_extract(${model}, ${content}, ARRAY['x', 'y']) ->> 'x')`,
    `ai_mask(${model}, ${content}, ${labels})`,
    `ai_fix_grammar(${model}, ${content})`,
    `ai_summarize(${model}, ${content}, ${random.pick(['7', '0', `length(${content})`])})`,
    `ai_summarize(model => ${model}, content => ${content})`,
    `ai_translate(${model}, ${content}, ${language})`,
    `ai_rank(${model}, 'fox', ${content})::text`,
    `ai_similarity('e${number}', ${content}, ${random.pick(["'fox'", content])})::text`,
    `ai_embed('e${number}', ${content})::text`,
    `(ai_embed('e${number}', ${content}))[1]::text`,
    `ai_gen_structured(${model}, 'json of ' || ${content}, '{"type": "json_object"}')::text`,
    `hologen.ai_sentiment(${model}, ${content})`,
  ]);
}
