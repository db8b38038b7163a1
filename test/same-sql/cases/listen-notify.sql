-- LISTEN and NOTIFY: to oneself, in transactions, duplicates, payloads, UNLISTEN.
-- Refused with: 22023 22023
LISTEN news;

NOTIFY news, 'first 🦊';

SELECT pg_notify('news', 'by function');

BEGIN;

NOTIFY news, 'same';

NOTIFY news, 'same';

NOTIFY news, 'other';

COMMIT;

BEGIN; NOTIFY news, 'never'; ROLLBACK;

LISTEN "Other Channel";

NOTIFY "Other Channel";

SELECT pg_listening_channels() ORDER BY 1;

UNLISTEN news;

NOTIFY news, 'unheard';

SELECT pg_notify('', 'x');

SELECT pg_notify('news', repeat('x', 9000));

UNLISTEN *;
