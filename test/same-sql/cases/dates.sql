-- Dates, times, intervals, time zones and their output styles.
-- Refused with: 22023 22008 22008
SET TimeZone = 'Asia/Shanghai';

SELECT '2026-02-28 12:34:56.789012+00'::timestamptz, '2026-02-28 12:34:56.789012'::timestamp, '2026-02-28'::date, '23:59:60'::time, '04:05:06-08'::timetz;

SELECT 'infinity'::timestamptz, '-infinity'::date, '4713-01-01 BC'::date, '294276-12-31'::timestamp, 'epoch'::timestamptz;

SELECT '1 year 2 mons 3 days 04:05:06.789'::interval, '-1 day +00:00:01'::interval, 'P1Y2M3DT4H5M6S'::interval, interval '1' day, 'infinity'::interval;

SET IntervalStyle = 'iso_8601';

SELECT '1 year 2 mons -3 days 04:05:06.789'::interval;

SET IntervalStyle = 'sql_standard';

SELECT '1 year 2 mons'::interval, '3 days 04:05:06'::interval;

SET DateStyle = 'German, DMY';

SELECT '28.02.2026'::date, '2026-02-28 12:00+01'::timestamptz;

SET TimeZone = 'America/New_York';

SELECT '2026-03-08 02:30'::timestamptz, '2026-11-01 01:30'::timestamptz, '2026-07-01 12:00 Europe/Berlin'::timestamptz AT TIME ZONE 'UTC';

SET TimeZone = 'Nowhere/Land';

SELECT '2026-02-30'::date;

SELECT '25:00'::time;

SELECT age('2026-03-01'::timestamp, '2024-02-29'), extract(epoch FROM interval '1 day'), date_trunc('week', date '2026-02-28');

SELECT generate_series('2026-01-30'::timestamp, '2026-02-02', '1 day');
