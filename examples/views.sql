-- Views: a materialized one generates once, when it is refreshed; the product's own ones tell what runs, ran and is left.

CREATE TABLE IF NOT EXISTS city (name text PRIMARY KEY);
INSERT INTO city VALUES ('Hangzhou'), ('Suzhou') ON CONFLICT DO NOTHING;

-- A plain view with calls makes them each time it is read, for each of its rows. This one makes them when it is refreshed.
CREATE MATERIALIZED VIEW IF NOT EXISTS city_picture AS
  SELECT name, ai_gen('qwen_image', json_build_object('prompt', 'The old town of ' || name, 'output_dir', 'oss://demo/cities/')::text,
                      to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'))::json
               ->'image_oss_paths'->>0 AS picture
  FROM city
  WITH NO DATA;
REFRESH MATERIALIZED VIEW city_picture;
SELECT * FROM city_picture ORDER BY name;

-- An ordinary view over what is there costs nothing.
CREATE OR REPLACE VIEW city_gallery AS
  SELECT name, picture, file_url(picture, interval '10 minutes') AS address FROM city_picture;
SELECT name, left(address, 40) FROM city_gallery ORDER BY name;

-- Own calls, newest first; the owner role sees everybody's.
SELECT model_name, state, request->>'prompt' AS prompt, price, finished_at - submitted_at AS took FROM hologen.jobs ORDER BY submitted_at DESC LIMIT 10;
-- Statements that wait for calls at this moment.
SELECT role_name, calls, done, running, queued, remaining_seconds FROM hologen.progress;
-- What is deployed, and what can be.
SELECT model_name, model_type, task FROM list_external_models() ORDER BY task, model_name;
SELECT model_type, scenarios, sizes, price FROM hologen.supported_models ORDER BY model_type;
