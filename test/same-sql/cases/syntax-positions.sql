-- Error positions count characters, behind comments, multi-byte text and earlier statements of the text.
-- Refused with: 42703 42703 42703 42601 42601 42P02 42601 42704
/* Kommentar: größe 中文 🦊 */ SELECT 'é', nicht_da;

-- erste Zeile
SELECT
  '中文', -- noch einer
  "gibt's nicht"
FROM pg_class;

SELECT 1; SELECT '🦊', nope;

SELECT '🦊' AS a; SELECT 'x' x x x;

SELECT /* /* nested */ */ 1 +;

SELECT $1::int + nope
\bind ["1"]

CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  SELEC 1;
END $$;

SELECT 'ü'::nosuchtype;
