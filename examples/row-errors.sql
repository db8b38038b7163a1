-- One refused row does not have to lose its neighbours. The prompt in the middle carries a marker that makes the sandbox refuse it.

CREATE TABLE IF NOT EXISTS wish (id integer PRIMARY KEY, prompt text NOT NULL, result json);
INSERT INTO wish (id, prompt) VALUES (1, 'a lake'), (2, 'a forbidden thing [[sandbox:refuse]]'), (3, 'a mountain')
ON CONFLICT (id) DO UPDATE SET prompt = excluded.prompt, result = NULL;

-- capture: what the provider said stands in the failed row's place.
SET ai_gen.on_error = 'capture';
WITH made AS (
  SELECT id, ai_gen('qwen_image_2', json_build_object('prompt', prompt)::text, NULL)::json AS result FROM wish WHERE result IS NULL
)
UPDATE wish SET result = made.result FROM made WHERE made.id = wish.id;
SELECT id, result->'image_urls'->>0 AS picture, result->'error'->>'code' AS code, result->'error'->>'retryable' AS retryable
FROM wish ORDER BY id;

-- skip: NULL in its place.
SET ai_gen.on_error = 'skip';
SELECT id, ai_gen('qwen_image_2', json_build_object('prompt', prompt)::text, NULL) IS NULL AS skipped FROM wish ORDER BY id;

-- error, the default: the statement fails, and what its other rows have made waits for the next time. Unknown models, missing files and
-- bad requests are errors always.
RESET ai_gen.on_error;
