-- hologen.queues has more columns from here on: what returns them cannot be replaced, only made again.
DROP FUNCTION IF EXISTS hologen.list_queues() CASCADE;
DROP FUNCTION IF EXISTS hologen_caller.list_queues() CASCADE;
