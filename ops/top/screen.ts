/** The fleet as lines of a terminal: what is wrong comes first, and what does not fit is counted. Pure. */
import { isoTime } from '../../schema/time.ts'
import { harmless } from '../tap/harmless.ts'
import type { Paint } from '../tap/tap-line.ts'
import type { Fleet, ShownHost, ShownRecovery, ShownState } from './fleet-board.ts'

export interface Size {
  readonly columns: number
  readonly rows: number
}

interface Line {
  readonly text: string
  readonly style: Parameters<Paint>[0]
}

const STYLES: Readonly<Record<ShownState, Line['style']>> = {
  dead: 'red',
  suspect: 'yellow',
  misconfigured: 'yellow',
  blind: 'yellow',
  unseen: 'yellow',
  maintenance: 'cyan',
  'kept-out': 'cyan',
  held: 'yellow',
  alive: 'green',
}

/** At most as many lines as there are rows, none wider than the terminal. */
export function screenOf(
  fleet: Fleet,
  { cloud, wallMs, size }: { readonly cloud: string; readonly wallMs: number; readonly size: Size },
  paint: Paint,
): readonly string[] {
  const title = `instance-ha   cloud ${cloud}   ${isoTime(wallMs).slice(0, 19)} UTC`
  const lines: readonly Line[] = [
    { text: title, style: 'bold' },
    ...overview(fleet),
    plain(''),
    ...section('RECOVERIES IN PROGRESS', fleet.recoveries.map(recoveryLine)),
    ...section(
      'HOSTS THAT ARE NOT ALIVE',
      fleet.hosts.filter((host) => host.state !== 'alive').map(hostLine),
    ),
    ...section('NODES', fleet.processes.map(nodeLine)),
  ]
  const { columns, rows } = size
  const hidden = lines.length - rows
  const shown =
    hidden > 0 ? [...lines.slice(0, rows - 1), plain(`… ${hidden + 1} more lines`)] : lines
  return shown.map(({ text, style }) =>
    paint(style, harmless(text.slice(0, columns)).slice(0, columns)),
  )
}

const plain = (text: string): Line => ({ text, style: 'reset' })

function section(title: string, lines: readonly Line[]): readonly Line[] {
  if (lines.length === 0) return [{ text: `${title}: none`, style: 'dim' }, plain('')]
  return [{ text: `${title} (${lines.length})`, style: 'bold' }, ...lines, plain('')]
}

function overview({ hosts, recoveries, processes, faultsWaiting }: Fleet): readonly Line[] {
  const observers = new Set(hosts.flatMap((host) => host.observers))
  const oldestMs = Math.max(0, ...hosts.map(({ ageMs }) => ageMs ?? 0))
  const leader = processes.find(({ leading }) => leading)
  const epoch = leader?.epoch ?? null
  const ofHosts = recoveries.filter(({ type }) => type === 'COMPUTE_HOST').length
  return [
    plain(`hosts    ${hosts.length}: ${countsOf(hosts)}`),
    plain(
      `seen by  ${observers.size === 1 ? '1 observer' : `${observers.size} observers`}; each was spoken of in the last ${age(oldestMs)}`,
    ),
    leader === undefined
      ? { text: 'leader   none is heard', style: 'red' }
      : plain(`leader   ${leader.node}${epoch === null ? '' : `, epoch ${epoch}`}`),
    plain(
      `open     ${ofHosts} recoveries of hosts, ${recoveries.length - ofHosts} of guests and services; ` +
        `${faultsWaiting ?? 'unknown number of'} faults wait in the stream`,
    ),
  ]
}

function countsOf(hosts: readonly ShownHost[]): string {
  const states = Object.keys(STYLES) as ShownState[] // its own keys
  const parts = states.flatMap((state) => {
    const count = hosts.filter((host) => host.state === state).length
    return count === 0 ? [] : [`${count} ${state}`]
  })
  return parts.length === 0 ? 'none is registered' : parts.join(', ')
}

const hostLine = ({ name, state, observers, ageMs }: ShownHost): Line => ({
  text: `  ${name.padEnd(24)} ${state.padEnd(14)} ${ageMs === undefined ? 'nobody speaks of it' : `by ${observers.join(', ')}, ${age(ageMs)} ago`}`,
  style: STYLES[state],
})

const recoveryLine = ({ host, type, status, message, ageMs, moves }: ShownRecovery): Line => ({
  text:
    `  ${host.padEnd(24)} ${type.padEnd(13)} ${status.padEnd(8)} ${age(ageMs).padStart(8)}` +
    `${moves === undefined ? '' : `  ${moves.done}/${moves.total} moved`}${message === '' ? '' : `  ${message}`}`,
  style: status === 'error' ? 'red' : 'yellow',
})

const nodeLine = ({ node, roles, leading, silentSince }: Fleet['processes'][number]): Line => ({
  text: `  ${node.padEnd(24)} ${silentSince === null ? (leading ? 'leads' : 'runs') : `gone since ${silentSince}`}   ${roles.join(', ')}`,
  style: silentSince === null ? 'reset' : 'red',
})

/** `4.2 s`, `12 min`, `3.1 h`. */
export function age(ms: number): string {
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`
  return ms < 7_200_000 ? `${Math.round(ms / 60_000)} min` : `${(ms / 3_600_000).toFixed(1)} h`
}
