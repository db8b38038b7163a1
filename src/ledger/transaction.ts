/** Several statements of the gateway's own as one. */
import pg, { type ClientBase } from 'pg';
import type { EnginePool } from '../engine/pool.js';

/**
 * What `work` gives, when it is committed. Where the answer to COMMIT is lost, `isDone` is asked: whoever cannot tell what was done by what is there
 * leaves it out, and does the work again.
 */
export async function inTransaction<T>(
  pool: EnginePool,
  work: (client: ClientBase) => Promise<T>,
  isDone: (result: T) => Promise<boolean> = async () => false,
): Promise<T> {
  const client = await pool.connect();
  // One that breaks between two statements says so to whoever listens.
  const hear = () => {};
  client.on('error', hear);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT').catch(async (error: unknown) => {
      if (isRefusal(error) || !(await isDone(result))) throw error;
    });
    client.off('error', hear);
    client.release();
    return result;
  } catch (error) {
    // Its transaction is undone with it.
    client.release(true);
    throw error;
  }
}

/** A connection that the engine itself ends (57, 08) may end behind the COMMIT. */
function isRefusal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !/^(57|08)/.test(error.code ?? '');
}
