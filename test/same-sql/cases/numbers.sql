-- Numbers: extremes of every type, NaN and infinities, overflow.
-- Refused with: 22003 22003 22003 22003 22012 22003 2201F 22003 22P02
SELECT 32767::int2, -32768::int2, 2147483647, -2147483648, 9223372036854775807, -9223372036854775808, 4294967295::oid;

SELECT 1e131071::numeric * 1, 0.00000000000000000000000000000000000001, 'NaN'::numeric, 'Infinity'::numeric, '-Infinity'::numeric;

SELECT 1.7976931348623157e308::float8, 5e-324::float8, 3.4028235e38::float4, 'NaN'::float8, '-Infinity'::float4, -0.0::float8;

SELECT 0.1::float8 + 0.2, 1.10::numeric(10,2), 12345.678::money, true, false, 1::bit(3), B'1011', '10001'::bit varying(8);

SELECT 32767::int2 + 1::int2;

SELECT 2147483647 + 1;

SELECT 9223372036854775807 + 1;

SELECT 1 / 0;

SELECT 1e400::float8;

SELECT sqrt(-1::numeric);

SELECT 123.456::numeric(4,2);

SELECT 'abc'::int;

SELECT 0x7fff, 0o17, 0b101, 1_000_000;
