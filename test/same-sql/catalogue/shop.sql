-- What the catalogue queries look at: every kind of relation, key, index, type and routine, with names that need quotes.
CREATE SCHEMA shop;
COMMENT ON SCHEMA shop IS 'Laden; 商店';
CREATE TYPE shop.mood AS ENUM ('sad', 'happy');
CREATE TYPE shop.address AS (street text, city varchar(40));
CREATE DOMAIN shop.positive AS int DEFAULT 1 CHECK (VALUE > 0);
CREATE SEQUENCE shop.numbers START 100;
CREATE TABLE shop.customers (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "Full Name" varchar(80) NOT NULL,
  mail text UNIQUE,
  home shop.address,
  mood shop.mood DEFAULT 'happy',
  tags text[],
  balance numeric(12, 2) DEFAULT 0 CHECK (balance > -1000),
  doubled numeric GENERATED ALWAYS AS (balance * 2) STORED,
  born date, seen timestamptz DEFAULT now(), extra jsonb, photo bytea, flag bit(4), luck shop.positive
);
COMMENT ON TABLE shop.customers IS 'Kunden; 客户 🦊';
COMMENT ON COLUMN shop.customers."Full Name" IS 'as it''s written';
CREATE TABLE shop."Order Items" (
  order_id int, line smallint, customer int NOT NULL REFERENCES shop.customers ON DELETE CASCADE ON UPDATE SET NULL,
  orientation text, PRIMARY KEY (order_id, line)
);
CREATE TABLE shop.notes (
  id bigserial PRIMARY KEY, order_id int, line smallint,
  FOREIGN KEY (order_id, line) REFERENCES shop."Order Items" DEFERRABLE INITIALLY DEFERRED
);
CREATE UNIQUE INDEX customers_mail_lower ON shop.customers (lower(mail)) INCLUDE (born) WHERE mail IS NOT NULL;
CREATE INDEX customers_tags ON shop.customers USING gin (tags);
CREATE INDEX items_customer ON shop."Order Items" (customer DESC NULLS LAST, orientation COLLATE "C");
CREATE TABLE shop.visits (day date NOT NULL, hits int) PARTITION BY RANGE (day);
CREATE TABLE shop.visits_2026 PARTITION OF shop.visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE VIEW shop.happy AS SELECT id, "Full Name", mood FROM shop.customers WHERE mood = 'happy';
CREATE MATERIALIZED VIEW shop.counted AS SELECT mood, count(*) AS n FROM shop.customers GROUP BY mood;
CREATE FUNCTION shop.greet(name text, OUT greeting text, INOUT times int DEFAULT 1) LANGUAGE sql AS 'SELECT $1, $2';
CREATE FUNCTION shop.all_customers() RETURNS SETOF shop.customers LANGUAGE sql STABLE AS 'SELECT * FROM shop.customers';
CREATE PROCEDURE shop.tidy(INOUT n int) LANGUAGE plpgsql AS $$ BEGIN n := n + 1; END $$;
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER touched BEFORE UPDATE ON shop.customers FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE RULE keep AS ON DELETE TO shop.notes DO INSTEAD NOTHING;
CREATE POLICY own ON shop.customers USING (mail = current_user);
CREATE ROLE same_sql_seller;
GRANT SELECT, UPDATE (mail) ON shop.customers TO same_sql_seller;
GRANT EXECUTE ON FUNCTION shop.greet TO PUBLIC;
INSERT INTO shop.customers ("Full Name", mail, home) VALUES ('Ana Ñ', 'a@x', ROW('s', 'c')), ('李', NULL, NULL);
INSERT INTO shop."Order Items" VALUES (1, 1, 1, 'left'), (1, 2, 2, NULL);
ANALYZE shop.customers
