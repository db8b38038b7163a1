-- Budgets have more arguments from here on: a procedure with other ones would be a second of the same name.
DROP PROCEDURE IF EXISTS hologen.set_budget(text, text, integer, numeric);
DROP PROCEDURE IF EXISTS hologen.remove_budget(text, text);
DO $do$
BEGIN
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    DROP PROCEDURE IF EXISTS pg_catalog.set_budget(text, text, integer, numeric);
    DROP PROCEDURE IF EXISTS pg_catalog.remove_budget(text, text);
  END IF;
END $do$;
