-- What was made, a row a file, newest first: of whom one sees the jobs, see hologen.jobs.
CREATE OR REPLACE VIEW hologen.outputs WITH (security_barrier) AS
  SELECT oss_path, url, kind, bytes, coalesce((size)[1], (asked)[1])::integer AS width, coalesce((size)[2], (asked)[2])::integer AS height,
         CASE WHEN kind = 'video' THEN coalesce(own_seconds::numeric, (units ->> 'seconds')::numeric) END AS seconds, label, prompt, model_name, role_name, made_at, job_id,
         trim_scale(price / files) AS price, currency, tag, etag, content_type
  FROM (
    SELECT output ->> 'ossPath' AS oss_path, output ->> 'url' AS url, (output ->> 'bytes')::bigint AS bytes,
           output ->> 'etag' AS etag, output ->> 'contentType' AS content_type,
           CASE WHEN scenario IN ('text-to-image', 'image-edit', 'multi-image-fusion', 'interleaved') THEN 'picture' ELSE 'video' END AS kind,
           -- The provider says what it made, in one of three ways, or the request says what was asked for.
           coalesce(CASE WHEN json_typeof(usage) = 'object' THEN regexp_match(concat_ws('*', usage ->> 'width', usage ->> 'height'), '^(\d+)\*(\d+)$') END,
             CASE WHEN json_typeof(usage) = 'object' THEN regexp_match(usage ->> 'size', '^(\d+)\*(\d+)$') END) AS size,
           -- Billed are those of input videos, too.
           CASE WHEN json_typeof(usage) = 'object' THEN substring(usage ->> 'output_video_duration' FROM '^\d{1,6}(?:\.\d{1,6})?$') END AS own_seconds,
           CASE WHEN json_typeof(request) = 'object' THEN regexp_match(request #>> '{parameters,size}', '^(\d+)\*(\d+)$') END AS asked,
           CASE WHEN json_typeof(request) = 'object' THEN request ->> 'prompt' ELSE request #>> '{}' END AS prompt,
           units, label, model_name, role_name, finished_at AS made_at, job_id, price, jsonb_array_length(outputs) AS files, currency, tag
    FROM hologen.jobs CROSS JOIN LATERAL jsonb_array_elements(outputs) WITH ORDINALITY AS each (output, place)
    WHERE state = 'succeeded') AS made;
GRANT SELECT ON hologen.outputs TO PUBLIC;

CREATE OR REPLACE VIEW hologen.places AS SELECT place_name, oss_path, oss_endpoint, role_arn, set_by, set_at FROM hologen_internal.place;
GRANT SELECT ON hologen.places TO PUBLIC;
