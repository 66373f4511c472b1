/** What errors of MySQL and mysql2 mean. */
import test from 'ava'
import { failureOf } from '../../../transports/sql/mysql-failures.ts'

const error = (message: string, fields: object): Error => Object.assign(new Error(message), fields)

test('errors are distinguished by what can be done about them', (t) => {
  const table = [
    [error('Deadlock found', { errno: 1213, sqlState: '40001' }), 'conflict'],
    [error('Lock wait timeout exceeded', { errno: 1205, sqlState: 'HY000' }), 'conflict'],
    [error('Record has changed since last read', { errno: 1020, sqlState: 'HY000' }), 'conflict'],
    [
      error("Duplicate entry 'a-0' for key 'name'", { errno: 1062, sqlState: '23000' }),
      'duplicate',
    ],
    [error('WSREP has not yet prepared node', { errno: 1047, sqlState: '08S01' }), 'unavailable'],
    [error('Access denied', { errno: 1045, sqlState: '28000' }), 'unavailable'],
    [error('Server shutdown in progress', { errno: 1053, sqlState: '08S01' }), 'unavailable'],
    [
      error('Connection was killed', { errno: 1927, sqlState: '70100', fatal: true }),
      'unavailable',
    ],
    [
      error('connect ECONNREFUSED', { errno: -111, code: 'ECONNREFUSED', fatal: true }),
      'unavailable',
    ],
    [error('connect ETIMEDOUT', { code: 'ETIMEDOUT' }), 'unavailable'],
    [error('Connection lost', { code: 'PROTOCOL_CONNECTION_LOST', fatal: true }), 'unavailable'],
    [error('Disk full (#sql_1.MAI); waiting', { errno: 1021, sqlState: 'HY000' }), 'full'],
    [error("The table 'hosts' is full", { errno: 1114, sqlState: 'HY000' }), 'full'],
    [
      error('Error writing file (errno: 28 "No space left on device")', {
        errno: 1026,
        sqlState: 'HY000',
      }),
      'full',
    ],
    [error('Got error 28 from storage engine', { errno: 1030, sqlState: 'HY000' }), 'full'],
    [error('Got error 281 from storage engine', { errno: 1030, sqlState: 'HY000' }), undefined],
    [error('running with the --read-only option', { errno: 1290, sqlState: 'HY000' }), 'read-only'],
    [error('CREATE command denied to user', { errno: 1142, sqlState: '42000' }), 'denied'],
    [error('Query inactivity timeout', { code: 'PROTOCOL_SEQUENCE_TIMEOUT' }), 'unavailable'],
    [error('Queue limit reached.', {}), 'unavailable'],
    [error('Pool is closed.', {}), 'unavailable'],
    [error('You have an error in your SQL syntax', { errno: 1064, sqlState: '42000' }), undefined],
    [error('Data too long for column', { errno: 1406, sqlState: '22001' }), undefined],
    [error('Invalid argument', { code: 'ERR_INVALID_ARG_TYPE' }), undefined],
    [new RangeError('not a safe integer'), undefined],
    ['a text', undefined],
    [undefined, undefined],
  ] as const
  for (const [thrown, meaning] of table) t.is(failureOf(thrown), meaning, String(thrown))
})
