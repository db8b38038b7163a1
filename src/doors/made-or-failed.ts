/** What a door that makes calls for somebody says as its connection is opened: it knows results and errors, and nothing in their place. */

/** Options of a connection, which win over what a role has by ALTER ROLE … SET: an error that is skipped, or a dry run, would be told as an answer. */
export const madeOrFailed = '-c ai_gen.on_error=error -c ai_gen.dry_run=off';
