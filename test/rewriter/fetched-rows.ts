/** A query whose rows are read in parts, of which some make a call and others none. */

export const last = 24;

/** Rows without a call stand in front of others, behind them and between them. */
export const calling = [5, 6, 9, 11, 12, 13, 20, 21, 22];
export const queryOf = (rows: number[]) =>
  `SELECT i, CASE WHEN i IN (${rows}) THEN ai_gen('m1', 'row ' || i) END AS r FROM generate_series(1, ${last}) i`;
export const declared = (rows = calling, options = '') => `DECLARE c ${options} CURSOR FOR ${queryOf(rows)}`;

export const fetches = (parts: number[]) => parts.map((rows) => `FETCH ${rows} FROM c`);
