-- hologen.progress, hologen.queues and hologen.supported_models have more columns from here on: what returns them cannot be replaced, only made again.
DROP FUNCTION IF EXISTS hologen.list_progress() CASCADE;
DROP FUNCTION IF EXISTS hologen.list_queues() CASCADE;
DROP FUNCTION IF EXISTS hologen.list_supported_models() CASCADE;
