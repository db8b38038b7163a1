-- What a statement costs before it runs, and limits of what may be spent. Run by an administrator; others cannot set budgets.

-- The statement runs with calls that are checked and priced but not sent, and whatever it wrote is undone.
SELECT * FROM ai_estimate($$
  SELECT ai_gen('wan26_t2v', json_build_object('prompt', 'wave number ' || i, 'parameters', json_build_object('size', '1280*720', 'duration', 5))::text, NULL)
  FROM generate_series(1, 40) AS i
$$);

-- The same for a session: results have the documented shape, and nothing lies at their paths.
SET ai_gen.dry_run = on;
SELECT ai_gen('qwen_image_2', '{"prompt": "a lake", "parameters": {"n": 4}}', NULL)::json->'dry_run' AS price;
RESET ai_gen.dry_run;

-- A day's budgets, in calls, in money (CNY, the price list's currency) or both: of everybody together, of a model, of a role.
CALL set_budget(NULL, NULL, 2000, 500);
CALL set_budget(NULL, 'wan26_t2v', NULL, 100);
-- Of a month, for work that a session has named; and a soft one, which only says that it is passed.
CALL set_budget(tag => 'spring catalogue', period => 'month', money => 200);
CALL set_budget(period => 'week', money => 1000, soft => true);
SELECT role_name, model_name, tag, period, soft, calls, calls_used, money, money_used FROM hologen.budgets ORDER BY model_name NULLS FIRST, period;
SELECT period, calls_left, money_left, currency FROM hologen.my_budget;

-- A statement that makes more calls than this is refused before the first is sent.
SET ai_gen.max_calls = 10;

-- Every attempt that was sent, by whom, for which statement, with its units and price.
SELECT ai_gen('qwen_image_2', '{"prompt": "a lake at night"}', NULL)::json->>'requestId' AS request;
SELECT role_name, model_name, outcome, units, price, currency, provider_request_id FROM hologen.usage ORDER BY sent_at DESC LIMIT 5;
SELECT day, role_name, model_name, calls, pictures, seconds, price, currency FROM hologen.daily_usage ORDER BY day DESC, price DESC;

-- Who may call a model: everybody, until it is granted to somebody.
CREATE ROLE film_makers;
CALL grant_model('wan26_r2v', 'film_makers');
SELECT * FROM hologen.model_grants;
CALL revoke_model('wan26_r2v', 'film_makers');
CALL grant_model('wan26_r2v', 'public');
DROP ROLE film_makers;

CALL remove_budget(NULL, 'wan26_t2v');
CALL remove_budget(tag => 'spring catalogue');
CALL remove_budget();
