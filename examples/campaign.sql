-- An advertising campaign as one statement: products x styles, for each two pictures, a script written from them, and a film made from both.
-- The sandbox has the models and the bucket; with an account register the three under these names, and put a bucket and a role of yours.
-- Each stage runs all its rows at once; what was paid for survives a lost connection and is taken up by running the statement again.

CREATE TABLE IF NOT EXISTS campaign_product (
  name      text PRIMARY KEY,
  intro     text NOT NULL,
  selling   text NOT NULL,
  materials text[] NOT NULL
);
CREATE TABLE IF NOT EXISTS campaign_style (name text PRIMARY KEY, look text NOT NULL);
CREATE TABLE IF NOT EXISTS campaign_film (
  product  text REFERENCES campaign_product,
  style    text REFERENCES campaign_style,
  opening  text NOT NULL,
  closing  text NOT NULL,
  script   text NOT NULL,
  video    text,
  problem  text,
  made_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (product, style)
);

INSERT INTO campaign_product VALUES
  ('Tower of Hanzhong', 'A casual tower defence game in the time of the Three Kingdoms.', 'tactics in five minutes',
   ARRAY['oss://hm-ai-hangzhou/holo_ai_powered_marketing_content/c8403238-3c88-44a6-ac85-2e5447e987b2.png'])
ON CONFLICT (name) DO UPDATE SET intro = excluded.intro, selling = excluded.selling, materials = excluded.materials;
INSERT INTO campaign_style VALUES
  ('paper-cut', 'layered paper, sharp shadows'),   ('ink',        'ink wash on rice paper'),
  ('toy',       'small toys on a table'),          ('neon',       'night city, neon signs'),
  ('poster',    'screen print, three colours'),    ('porcelain',  'blue and white porcelain'),
  ('clay',      'clay figures, soft light'),       ('pixel',      'sixteen colours, large pixels'),
  ('shadow',    'shadow play on silk'),            ('watercolour', 'wet watercolour, white margins')
ON CONFLICT (name) DO UPDATE SET look = excluded.look;

WITH pictured AS (
  SELECT p.name AS product, s.name AS style, p.intro, p.selling, s.look,
         ai_gen('qwen_image_2',
                json_build_object('prompt', format('Opening scene of an advertisement for %s: %s Style: %s.', p.name, p.intro, s.look),
                                  'reference_urls', p.materials,
                                  'parameters', json_build_object('size', '1280*720'),
                                  'output_dir', format('oss://demo/campaign/%s/', s.name))::text,
                to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'))::json AS opening,
         ai_gen('qwen_image_2',
                json_build_object('prompt', format('Last scene of an advertisement for %s that shows %s. Style: %s.', p.name, p.selling, s.look),
                                  'reference_urls', p.materials,
                                  'parameters', json_build_object('size', '1280*720'),
                                  'output_dir', format('oss://demo/campaign/%s/', s.name))::text,
                to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'))::json AS closing
  FROM campaign_product p CROSS JOIN campaign_style s
), saved AS (
  SELECT product, style, intro, look, opening->'image_oss_paths'->>0 AS opening, closing->'image_oss_paths'->>0 AS closing
  FROM pictured
), scripted AS (
  SELECT product, style, opening, closing,
         ai_gen('qwen_vl_plus',
                json_build_object('prompt', 'Write what happens in a film of ten seconds that begins with {0} and ends with {1}. It advertises {2} In two sentences, no dialogue.',
                                  'args', json_build_array(
                                    to_file(opening, 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'),
                                    to_file(closing, 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'),
                                    intro))::text) AS script
  FROM saved
), filmed AS (
  SELECT product, style, opening, closing, script,
         ai_gen('wan26_r2v_flash',
                json_build_object('prompt', format('It begins like %s and ends like %s. %s', opening, closing, left(script, 1000)),
                                  'reference_urls', json_build_array(opening, closing),
                                  'parameters', json_build_object('size', '1280*720', 'duration', 10, 'shot_type', 'multi', 'audio', TRUE),
                                  'output_dir', format('oss://demo/campaign/%s/', style))::text,
                to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'))::json AS film
  FROM scripted
)
INSERT INTO campaign_film (product, style, opening, closing, script, video, problem)
SELECT product, style, opening, closing, script, film->'output'->>'video_oss_path', film->'output'->>'message'
FROM filmed
ON CONFLICT (product, style) DO UPDATE SET
  opening = excluded.opening, closing = excluded.closing, script = excluded.script,
  video = excluded.video, problem = excluded.problem, made_at = now();

SELECT style, video, problem FROM campaign_film ORDER BY style;
