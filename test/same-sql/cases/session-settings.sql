-- SET, SHOW, RESET, parameter status, roles, discards.
-- Refused with: 22023 42704 42704 42704 55P02 55P02 22023
SHOW server_version_num;

SHOW work_mem;

SET work_mem = '7MB';

SHOW work_mem;

SET LOCAL work_mem = '8MB';

BEGIN; SET LOCAL application_name = 'inside'; SHOW application_name; ROLLBACK;

SET application_name = 'Bücher';

SHOW application_name;

SET work_mem = 'lots';

SET nosuch_setting = 1;

SHOW nosuch_setting;

SET my.own = 'value';

SHOW my.own;

SELECT current_setting('my.own'), current_setting('my.other', true), current_setting('my.other');

SET server_version = '1';

SET max_connections = 5;

SET standard_conforming_strings = off;

SELECT 'a\'b';

RESET standard_conforming_strings;

SET SESSION AUTHORIZATION nosuch;

SET search_path TO play, pg_catalog;

SHOW search_path;

SET default_transaction_read_only = on;

SET DateStyle = 'SQL';

RESET ALL;

SHOW DateStyle;

SET TIME ZONE INTERVAL '+02:00' HOUR TO MINUTE;

SHOW TimeZone;

SET NAMES 'UTF8';

SELECT set_config('application_name', 'by function', false);

DISCARD ALL;
