/**
 * Stops the process that writes a certain line of a recovery's journal before the write, so that a
 * spec can kill it at that moment.
 */
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise'
import type { Database } from './deployment.ts'

const NOWHERE = -1
/** Longer than any spec. The writer is killed long before. */
const STAND_SECONDS = 3600

/** One stop at a time, in the database of a deployment. */
export class JournalStop implements AsyncDisposable {
  readonly #connection: Connection

  private constructor(connection: Connection) {
    this.#connection = connection
  }

  /** The journal must exist already. */
  static async install({ password, ...database }: Database): Promise<JournalStop> {
    const connection = await createConnection({ ...database, password: password.reveal() })
    await connection.query('CREATE TABLE journal_stop (line int NOT NULL)')
    await connection.query(`INSERT INTO journal_stop VALUES (${NOWHERE})`)
    await connection.query(`
      CREATE TRIGGER journal_stop BEFORE INSERT ON journal FOR EACH ROW
      BEGIN
        IF (SELECT count(*) FROM journal WHERE notification_uuid = NEW.notification_uuid)
          = (SELECT line FROM journal_stop)
        THEN DO SLEEP(${STAND_SECONDS});
        END IF;
      END`)
    return new JournalStop(connection)
  }

  /** The line that is not written, counted from zero in each recovery. */
  async before(line: number): Promise<void> {
    await this.#connection.execute('UPDATE journal_stop SET line = ?', [line])
  }

  /** Whether a writer is stopped. */
  async isReached(): Promise<boolean> {
    return (await this.#standing()).length > 0
  }

  /**
   * Must be called when the writer is dead: its transaction ends, and no other writer is stopped.
   */
  async lift(): Promise<void> {
    await this.before(NOWHERE)
    for (const id of await this.#standing()) await this.#connection.query(`KILL ${id}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lift()
    await this.#connection.end()
  }

  async #standing(): Promise<readonly number[]> {
    const [rows] = await this.#connection.query<RowDataPacket[]>(
      "SELECT id FROM information_schema.processlist WHERE state = 'User sleep'",
    )
    return rows.map((row) => Number(row['id']))
  }
}
