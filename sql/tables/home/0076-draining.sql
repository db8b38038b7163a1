-- Which gateways take no new calls, since when, and by whose word; each its own, until it is told otherwise or stops.
ALTER TABLE hologen_internal.living_gateway ADD COLUMN draining_since timestamptz, ADD COLUMN drained_by text;
