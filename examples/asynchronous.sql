-- The asynchronous form: a handle now, the result later, from any session of the same role. No connection has to stay open for a film.

CREATE TABLE IF NOT EXISTS film (title text PRIMARY KEY, handle text NOT NULL, video text);

-- Checked at once, made when the transaction is committed. The condition keeps out what is there: ON CONFLICT DO NOTHING would throw away
-- the row, but not the call.
INSERT INTO film (title, handle)
SELECT title, ai_submit('wan26_t2v',
                        json_build_object('prompt', title, 'parameters', json_build_object('size', '1280*720', 'duration', 5),
                                          'output_dir', 'oss://demo/films/')::text,
                        to_file('oss://demo/', 'oss-cn-hangzhou-internal.aliyuncs.com', 'acs:ram::186xxx:role/xxx'))
FROM (VALUES ('Waves at night'), ('A train in the snow'), ('Lanterns over a river')) AS wanted (title)
WHERE NOT EXISTS (SELECT FROM film WHERE film.title = wanted.title);

-- What a handle stands for: submitted, running, saving, succeeded, failed, cancelled or unanswered.
SELECT title, ai_status(handle) FROM film ORDER BY title;

-- Nothing is paid for what is cancelled before the provider has begun; false: it goes on.
SELECT title, ai_cancel(handle) AS was_cancelled FROM film WHERE title = 'Lanterns over a river';
DELETE FROM film WHERE ai_status(handle) = 'cancelled';

-- NULL when a film is not there in time: ask again later.
SELECT title, ai_wait(handle, interval '1 second') IS NOT NULL AS is_there FROM film ORDER BY title;

-- As long as it takes.
UPDATE film SET video = ai_wait(handle)::json->'output'->>'video_oss_path' WHERE video IS NULL;
SELECT title, video FROM film ORDER BY title;
