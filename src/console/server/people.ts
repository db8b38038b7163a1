/** Who may log in, with what degree, what they spent and what is left to them; an administrator changes degrees. */
import pg from 'pg';
import type { Json } from '../../json.js';
import type { People, Person } from './answers.js';
import { listBudgets } from './budgets.js';
import { Refusal, requiredText } from './exchange.js';

interface Row {
  role: string;
  degree: Person['degree'];
  currency: string;
  callsToday: number;
  today: number;
  callsThisMonth: number;
  thisMonth: number;
  validUntil: Date | null;
}

/** A key is a password without an end, which PostgreSQL writes as infinity and JavaScript has no date for. */
export async function listPeople(db: Pick<pg.Pool, 'query'>, address: string): Promise<People> {
  const { rows } = await db.query<Row>(
    `SELECT role_name AS role, degree, currency, calls_today::float8 AS "callsToday", money_today::float8 AS today,
       calls_this_month::float8 AS "callsThisMonth", money_this_month::float8 AS "thisMonth",
       CASE WHEN valid_until < '9999-12-31' THEN greatest(valid_until, 'epoch') END AS "validUntil"
     FROM hologen.people ORDER BY role_name, currency`,
  );
  const budgets = await listBudgets(db);
  const people = new Map<string, Person>();
  for (const { role, degree, validUntil, ...spent } of rows) {
    const person = people.get(role) ?? {
      ...{ role, degree, validUntil: validUntil?.toISOString() ?? null, spent: [] },
      budgets: budgets.filter((budget) => budget.role === role),
    };
    person.spent.push(spent);
    people.set(role, person);
  }
  return { people: [...people.values()], address };
}

/** The roles of the engine that stand for degrees which an administrator may give. */
const degrees: Record<string, string | undefined> = {
  maker: 'hologen_maker',
  viewer: 'hologen_viewer',
  none: undefined,
};

/** Since PostgreSQL 16 a role may have the same degree from several who gave it: what one gave, only that one's name takes back. */
async function revokeDegrees(client: pg.ClientBase, role: string): Promise<void> {
  const { rows } = await client.query<{ statement: string }>(
    `SELECT format('REVOKE %s FROM %s', m.roleid::regrole, m.member::regrole)
       || CASE WHEN current_setting('server_version_num')::int >= 160000 THEN format(' GRANTED BY %s', m.grantor::regrole) ELSE '' END AS statement
     FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
     WHERE r.rolname = $1 AND m.roleid IN (to_regrole('hologen_maker'), to_regrole('hologen_viewer'))`,
    [role],
  );
  for (const { statement } of rows) await client.query(statement);
}

export async function changeDegree(pool: pg.Pool, body: Json): Promise<void> {
  const role = pg.escapeIdentifier(requiredText(body, 'role'));
  const degree = requiredText(body, 'degree');
  if (!Object.hasOwn(degrees, degree))
    throw new Refusal(400, { message: `"${degree}" is no degree: ${Object.keys(degrees).join(', ')}` });
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await revokeDegrees(client, requiredText(body, 'role'));
    if (degrees[degree]) await client.query(`GRANT ${degrees[degree]} TO ${role}`);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}
