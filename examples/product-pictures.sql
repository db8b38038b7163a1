-- A product table with a picture for each row.

CREATE TABLE IF NOT EXISTS catalogue (sku text PRIMARY KEY, look text NOT NULL, picture text);
INSERT INTO catalogue (sku, look) VALUES
  ('K-1', 'a copper kettle on a stove'),
  ('L-7', 'a paper lamp on a dark desk'),
  ('C-3', 'an oak chair in a white room')
ON CONFLICT (sku) DO UPDATE SET look = excluded.look;

-- Only the rows without one, so that it can be run again when products have been added.
UPDATE catalogue
SET picture = ai_gen('qwen_image_2',
                     json_build_object('prompt', look, 'parameters', json_build_object('size', '1024*1024'),
                                       'output_dir', 'oss://demo/catalogue/')::text,
                     to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'))::json
              ->'image_oss_paths'->>0
WHERE picture IS NULL;

-- Several pictures a product, a row for each: two variants of the product's own picture.
CREATE TABLE IF NOT EXISTS catalogue_variant (sku text REFERENCES catalogue, variant integer, picture text NOT NULL, PRIMARY KEY (sku, variant));
WITH edited AS (
  SELECT sku, ai_gen('qwen_image_edit',
                     json_build_object('prompt', 'the same product outdoors, morning sun', 'reference_urls', json_build_array(picture),
                                       'parameters', json_build_object('n', 2, 'size', '1024*1024'),
                                       'output_dir', 'oss://demo/catalogue/variants/')::text,
                     to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'))::json AS result
  FROM catalogue
)
INSERT INTO catalogue_variant
SELECT sku, variant, picture
FROM edited, json_array_elements_text(result->'image_oss_paths') WITH ORDINALITY AS made (picture, variant)
ON CONFLICT (sku, variant) DO UPDATE SET picture = excluded.picture;

-- For a web page: addresses that anybody may read for an hour, signed when they are asked for.
SELECT sku, file_url(picture) AS address FROM catalogue ORDER BY sku;
