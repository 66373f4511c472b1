/** `approve HOST`, `stop` and the like: give an operator command for one recovery, or for all of them; and `command list`. */
import type { OperatorCommandKind, SiteCommandKind } from '../../../schema/records.ts'
import { recoveryNamed, rowAt } from '../../client/names.ts'
import { field, print, printRow, printRows, time } from '../../client/output.ts'
import { withApi } from '../../client/with-api.ts'
import type { CloudRequest } from './cloud-request.ts'

interface Given extends CloudRequest {
  readonly reason: string
}

/** Gives a command for one recovery. */
export const commandRecovery = (
  kind: OperatorCommandKind,
  asked: Given & { readonly recovery: string },
) =>
  withApi(asked['os-cloud'], async (api) => {
    const uuid = await recoveryNamed(api, asked.recovery, kind)
    const command = { kind, reason: asked.reason }
    const given = await api.send('POST', `/notifications/${uuid}/commands`, { command })
    if (asked.json) printRow(rowAt(given, 'command'), [], true)
    else print(`${kind} is given about ${asked.recovery}, recovery ${uuid}`)
  })

/** Gives a command for all recoveries. */
export const commandAll = (kind: SiteCommandKind, asked: Given) =>
  withApi(asked['os-cloud'], async (api) => {
    const given = await api.send('POST', '/commands', { command: { kind, reason: asked.reason } })
    if (asked.json) printRow(rowAt(given, 'command'), [], true)
    else print(`${kind} is given about all recoveries`)
  })

const COLUMNS = [
  time('given_at', 'time'),
  field('kind', 'command'),
  field('operator'),
  field('reason'),
]

/** Prints the commands that were given for one recovery, or for all. */
export const listCommands = (asked: CloudRequest & { readonly recovery: string | undefined }) =>
  withApi(asked['os-cloud'], async (api) => {
    const { recovery, json } = asked
    const path =
      recovery === undefined
        ? '/commands'
        : `/notifications/${await recoveryNamed(api, recovery, 'retry')}/commands`
    const { commands } = await api.whole(path)
    const rows = Array.isArray(commands) ? commands : []
    printRows({ rows, columns: COLUMNS, empty: 'No command was given.', json })
  })
