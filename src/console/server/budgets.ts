/** Budgets as the page reads, sets and removes them. */
import type pg from 'pg';
import type { Json } from '../../json.js';
import type { Budget, BudgetSubject, Period } from './answers.js';
import { optionalNumber, optionalText } from './exchange.js';

type Database = Pick<pg.Pool, 'query'>;

export async function listBudgets(db: Database): Promise<Budget[]> {
  const { rows } = await db.query<Budget>(
    `SELECT role_name AS role, model_name AS model, database_name AS database, application_name AS application, tag, period, soft,
       calls::float8, money::float8, currency, calls_used::float8 AS "callsUsed", money_used::float8 AS "moneyUsed"
     FROM hologen.budgets ORDER BY soft, role_name NULLS FIRST, model_name NULLS FIRST, database_name, application_name, tag, period`,
  );
  return rows;
}

function subjectOf(body: Json): BudgetSubject & { period: Period | null } {
  return {
    role: optionalText(body, 'role'),
    model: optionalText(body, 'model'),
    database: optionalText(body, 'database'),
    application: optionalText(body, 'application'),
    tag: optionalText(body, 'tag'),
    period: optionalText(body, 'period') as Period | null,
  };
}

export async function setBudget(db: Database, body: Json): Promise<void> {
  const { role, model, database, application, tag, period } = subjectOf(body);
  const limits = [optionalNumber(body, 'calls'), optionalNumber(body, 'money'), body.soft === true];
  await db.query(
    `CALL hologen.set_budget(role_name => $1, model_name => $2, database_name => $3, application_name => $4, tag => $5, period => $6,
       calls => $7, money => $8, soft => $9)`,
    [role, model, database, application, tag, period ?? 'day', ...limits],
  );
}

export async function removeBudget(db: Database, body: Json): Promise<void> {
  const { role, model, database, application, tag, period } = subjectOf(body);
  await db.query(
    `CALL hologen.remove_budget(role_name => $1, model_name => $2, database_name => $3, application_name => $4, tag => $5, period => $6,
       soft => $7)`,
    [role, model, database, application, tag, period, body.soft === true],
  );
}
