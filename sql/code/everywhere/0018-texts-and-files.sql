-- What stands around AI functions and makes no call: requests with their arguments, pieces of long texts, files that may be missing.

-- A request for ai_gen: {0}, {1} … stand for the arguments, which may be FILEs.
CREATE OR REPLACE FUNCTION hologen.prompt(template text, args json) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT json_build_object('prompt', template, 'args', args)::text
$$;
CREATE OR REPLACE FUNCTION hologen.prompt(template text, VARIADIC args text[]) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT json_build_object('prompt', template, 'args', to_json(args))::text
$$;
CREATE OR REPLACE FUNCTION hologen.prompt(template text, VARIADIC args hologen.file[]) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT json_build_object('prompt', template, 'args', to_json(args))::text
$$;
CREATE OR REPLACE FUNCTION hologen.prompt(template text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT json_build_object('prompt', template)::text
$$;

-- As to_file; NULL where to_file raises an error: no such object, no right to it, a malformed path.
CREATE OR REPLACE FUNCTION hologen.try_to_file(oss_path text, oss_endpoint text, role_arn text) RETURNS hologen.file
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  file   hologen.file := ROW(oss_path, oss_endpoint, role_arn);
  answer json;
BEGIN
  answer := hologen_caller.ask(json_build_object('ask', 'try_file', 'file', to_json(file),
    'dryRun', current_setting('ai_gen.dry_run', true)));
  RETURN CASE WHEN (answer #>> '{}')::boolean THEN file END;
END $$;

-- Pieces of a text that are no longer than `most`, each with what separates it from the next; cut at paragraphs, else lines, else words.
CREATE OR REPLACE FUNCTION hologen_caller.pieces_of(content text, most integer, level integer) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  separators text[] := ARRAY[E'\n\n', E'\n', ' '];
  parts      text[];
  pieces     text[] := '{}';
  piece      text;
BEGIN
  IF level > cardinality(separators) THEN
    RETURN ARRAY(SELECT substr(content, i, most) FROM generate_series(1, length(content), most) AS i);
  END IF;
  parts := string_to_array(content, separators[level]);
  FOR i IN 1 .. cardinality(parts) LOOP
    piece := parts[i] || CASE WHEN i < cardinality(parts) THEN separators[level] ELSE '' END;
    IF length(piece) <= most THEN
      pieces := pieces || piece;
    ELSE
      pieces := pieces || hologen_caller.pieces_of(piece, most, level + 1);
    END IF;
  END LOOP;
  RETURN pieces;
END $$;

-- Chunks of at most chunk_size characters, as few as there can be; each begins with up to chunk_overlap characters that ended the one before.
-- Where no overlap is given it is a fifth of the size, and at most 200: one that fits any size. So it is not STRICT: NULL is no overlap given.
CREATE OR REPLACE FUNCTION hologen.ai_chunk(content text, chunk_size integer DEFAULT 1000, chunk_overlap integer DEFAULT NULL) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  chunks text[] := '{}';
  chunk  text := '';
  piece  text;
  kept   text[] := '{}';
BEGIN
  IF content IS NULL OR chunk_size IS NULL THEN
    RETURN NULL;
  END IF;
  chunk_overlap := coalesce(chunk_overlap, least(200, greatest(chunk_size, 0) / 5));
  IF chunk_size < 1 OR chunk_overlap < 0 OR chunk_overlap >= chunk_size THEN
    RAISE EXCEPTION USING ERRCODE = '22023',
      MESSAGE = format('chunk_size must be 1 or above and chunk_overlap from 0 to below it, not %s and %s', chunk_size, chunk_overlap),
      HINT = 'ai_chunk(content, 1000, 200).';
  END IF;
  -- What is cut inside a word is cut so short that it can be part of an overlap.
  FOREACH piece IN ARRAY hologen_caller.pieces_of(content, CASE WHEN chunk_overlap = 0 THEN chunk_size ELSE chunk_size - chunk_overlap END, 1) LOOP
    IF length(chunk) + length(piece) > chunk_size THEN
      chunks := chunks || chunk;
      WHILE cardinality(kept) > 0 AND (length(array_to_string(kept, '')) > chunk_overlap OR length(array_to_string(kept, '')) + length(piece) > chunk_size) LOOP
        kept := kept[2:];
      END LOOP;
      chunk := array_to_string(kept, '');
    END IF;
    chunk := chunk || piece;
    kept := kept || piece;
  END LOOP;
  chunks := chunks || chunk;
  RETURN ARRAY(SELECT btrim(c, E' \n') FROM unnest(chunks) WITH ORDINALITY AS t (c, i) WHERE btrim(c, E' \n') <> '' ORDER BY i);
END $$;
