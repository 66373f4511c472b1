/** Moves of instances: the table of one recovery, and the page over all recoveries. */
import { useEffect, useState } from 'preact/hooks'
import { get, may } from './api.js'
import { useEvents, useThrottled } from './live.js'
import { Filter } from './notifications.js'
import { hrefOf } from './route.js'
import { Empty, html, Missing, short, Table, Tag, Time } from './ui.js'
/** @import { Move } from './api-shapes.ts' */
/** @import { Route } from './route.js' */

/** @param {{ moves: readonly Move[], withRecovery?: boolean }} props */
export function MoveTable({ moves, withRecovery = false }) {
  const heads = [
    'Instance',
    'Source',
    'Destination',
    'Type',
    'Status',
    'Guest',
    'Start',
    'End',
    'Message',
  ]
  return html`<${Table} label="Moves" heads=${withRecovery ? ['Recovery', ...heads] : heads}>
    ${moves.map(
      (move) =>
        html`<tr key=${move.uuid}>
          ${
            withRecovery &&
            html`<td>
              <a href=${hrefOf('notifications', move.notification_uuid)}
                >${short(move.notification_uuid)}</a
              >
            </td>`
          }
          <td title=${move.instance_uuid}>${move.instance_name || short(move.instance_uuid)}</td>
          <td>${move.source_host ?? '–'}</td>
          <td>${move.dest_host ?? html`<span class="faint">Pending</span>`}</td>
          <td class="type">${move.type}</td>
          <td><${Tag} word=${move.status} /></td>
          <td class="faint" title=${move.guest?.reason ?? ''}>
            ${(move.guest?.state ?? '–').replaceAll('_', ' ')}
          </td>
          <td><${Time} at=${move.start_time} /></td>
          <td><${Time} at=${move.end_time} /></td>
          <td class="wide bad">${move.message ?? ''}</td>
        </tr>`,
    )}
  <//>`
}

/** How many moves are read at once. */
const PAGE = 100
const STATUSES = ['pending', 'ongoing', 'succeeded', 'failed', 'ignored']

/**
 * The newest moves after the one with the id of the marker, and whether there are more.
 * @param {string} status
 * @param {string} marker
 */
async function readMoves(status, marker) {
  const query = new URLSearchParams({ limit: String(PAGE) })
  if (status !== '') query.set('status', status)
  if (marker !== '') query.set('marker', marker)
  /** @type {{ vmoves: Move[], links?: unknown }} */
  const { vmoves, links } = await get(`v1/vmoves?${query}`)
  return { moves: vmoves, next: links === undefined ? undefined : vmoves.at(-1)?.uuid }
}

/** @param {{ route: Route }} props */
export function MovesPage({ route }) {
  const status = route.query.get('status') ?? ''
  const [shown, show] = useState(
    /** @type {{ moves: readonly Move[], next?: string | undefined, error?: Error }} */ ({
      moves: [],
    }),
  )
  const [isRead, setRead] = useState(false)
  const read = async (/** @type {string} */ marker, /** @type {readonly Move[]} */ before) => {
    try {
      const { moves, next } = await readMoves(status, marker)
      show({ moves: [...before, ...moves], next })
    } catch (error) {
      show({ moves: before, error: error instanceof Error ? error : new Error(String(error)) })
    }
    setRead(true)
  }
  useEffect(() => void read('', []), [status])
  const again = useThrottled(() => void read('', []), 1000)
  useEvents(({ type }) => {
    if (type === 'move.stepped' || type === 'gap') again()
  })
  return html`<div class="page-head">
      <h1>VM moves</h1>
      <div class="filters" role="group" aria-label="Filters">
        <${Filter}
          label="Status"
          value=${status}
          options=${STATUSES}
          onPick=${(/** @type {string} */ picked) => {
            location.hash = hrefOf('moves', '', { status: picked })
          }}
        />
      </div>
    </div>
    ${
      shown.error !== undefined || !isRead
        ? html`<${Missing} error=${shown.error} retry=${() => void read('', [])} />`
        : shown.moves.length === 0
          ? html`<${Empty}
              text="No instance was moved ${status === '' ? 'yet' : `with this status`}."
            />`
          : html`<${MoveTable} moves=${shown.moves} withRecovery=${may('notifications:detail')} />`
    }
    ${
      shown.next !== undefined &&
      html`<nav class="pager" aria-label="Pages">
        <button type="button" onClick=${() => void read(shown.next ?? '', shown.moves)}>
          Older moves
        </button>
      </nav>`
    }`
}
