-- Data changes: RETURNING, upsert, MERGE, writable CTEs, triggers, tags.
-- Refused with: 23505 23514 23505 23502 42601 42P02
CREATE TABLE stock (id int PRIMARY KEY, item text UNIQUE, amount int DEFAULT 1 CHECK (amount >= 0));

INSERT INTO stock VALUES (1, 'fox', 5), (2, 'owl', 3), (3, 'elk', DEFAULT) RETURNING id, item, amount * 2 AS twice;

INSERT INTO stock (id, item) SELECT n, 'item ' || n FROM generate_series(10, 14) n;

INSERT INTO stock VALUES (1, 'fox', 9) ON CONFLICT (id) DO UPDATE SET amount = stock.amount + excluded.amount RETURNING *;

INSERT INTO stock VALUES (1, 'x', 1) ON CONFLICT DO NOTHING;

UPDATE stock SET amount = amount + 1 WHERE id >= 10 RETURNING old.amount, new.amount, id;

DELETE FROM stock WHERE id > 12 RETURNING *;

MERGE INTO stock s USING (VALUES (2, 'owl', 0), (50, 'bee', 7)) AS n(id, item, amount) ON s.id = n.id WHEN MATCHED THEN UPDATE SET amount = n.amount WHEN NOT MATCHED THEN INSERT VALUES (n.id, n.item, n.amount) RETURNING merge_action(), s.*;

WITH moved AS (DELETE FROM stock WHERE id = 50 RETURNING *), back AS (INSERT INTO stock SELECT 51, item, amount FROM moved RETURNING id) SELECT (SELECT count(*) FROM moved), id FROM back;

INSERT INTO stock VALUES (1, 'again', 1);

UPDATE stock SET amount = -5 WHERE id = 1;

INSERT INTO stock VALUES (60, 'fox', 1);

INSERT INTO stock (id) VALUES (NULL);

UPDATE stock SET amount = 0 WHERE false;

INSERT INTO stock VALUES (70, 'a', 1), (71, 'b');

CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% on %', TG_OP, TG_TABLE_NAME; RETURN coalesce(NEW, OLD); END $$;

CREATE TRIGGER told BEFORE INSERT OR UPDATE OR DELETE ON stock FOR EACH ROW EXECUTE FUNCTION tell();

DELETE FROM stock WHERE id IN (1, 2);

UPDATE stock SET item = $1 WHERE id = $2::int RETURNING item
\bind ["ça va", "3"]

TABLE stock ORDER BY id;
