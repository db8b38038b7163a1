-- Definitions: tables of many kinds, indexes, views, sequences, comments, their notices and refusals.
-- Refused with: 42P07 2200H 0A000 23514 42809 2BP01 42P01 42701 42704
CREATE TABLE parts (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE, price numeric(10,2) DEFAULT 0, total numeric GENERATED ALWAYS AS (price * 2) STORED);

CREATE TABLE IF NOT EXISTS parts (id int);

CREATE TABLE parts (id int);

CREATE INDEX parts_price ON parts (price DESC NULLS LAST) INCLUDE (name) WHERE price > 0;

CREATE UNIQUE INDEX CONCURRENTLY parts_lower ON parts (lower(name));

CREATE VIEW cheap AS SELECT id, name FROM parts WHERE price < 10 WITH CHECK OPTION;

CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM parts;

REFRESH MATERIALIZED VIEW totals;

CREATE SEQUENCE counter START 5 INCREMENT BY -1 MINVALUE 4 MAXVALUE 5;

SELECT nextval('counter'), nextval('counter');

SELECT nextval('counter');

ALTER TABLE parts ADD COLUMN note varchar(20), ALTER COLUMN price SET NOT NULL, DROP COLUMN total;

ALTER TABLE parts ALTER COLUMN name TYPE int USING name::int;

ALTER TABLE parts RENAME COLUMN note TO remark;

COMMENT ON TABLE parts IS 'Teile; 零件';

CREATE TABLE measures (day date, value int) PARTITION BY RANGE (day);

CREATE TABLE measures_2026 PARTITION OF measures FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');

INSERT INTO measures VALUES ('2025-12-31', 1);

CREATE TABLE child (extra int) INHERITS (measures_2026);

CREATE TABLE orders (id int, part int REFERENCES parts ON DELETE CASCADE, CONSTRAINT orders_pk PRIMARY KEY (id));

DROP TABLE parts;

DROP TABLE parts, measures CASCADE;

DROP TABLE IF EXISTS never_was, nor_this;

DROP TABLE never_was;

CREATE TABLE broken (id int, id text);

CREATE TABLE broken (id nosuchtype);

CREATE TABLE averyveryveryveryveryveryveryveryverylongtablenamethatexceedsthelimitof63bytes (id int);

TRUNCATE orders RESTART IDENTITY CASCADE;

CREATE STATISTICS both_columns ON id, part FROM orders;

CREATE RULE nothing AS ON DELETE TO orders DO INSTEAD NOTHING;

DELETE FROM orders;
