/** A row whose `control_attributes` nobody can read hides no other row, and can be repaired and deleted. */
import test from 'ava'
import { sql } from 'kysely'
