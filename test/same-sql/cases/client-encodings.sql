-- Other client encodings: results and notices are converted, what cannot be is refused.
-- Refused with: 22P05 22P05 22023
SET client_encoding = 'LATIN1';

SELECT chr(233) || chr(223) AS latin, 'plain';

SELECT chr(20013);

DO $$ BEGIN RAISE NOTICE '%', chr(252); END $$;

SET client_encoding = 'GBK';

SELECT chr(20013) || chr(25991) AS gbk;

SELECT chr(233) || chr(769);

SET client_encoding = 'nonsense';

RESET client_encoding;

SELECT 'ü';
