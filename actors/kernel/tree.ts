/** A snapshot of the running tree, for the health endpoint. */
import type { ActorSnapshot } from '../../schema/messages/leadership.ts'
import type { Cell } from './cell.ts'

/** The most characters of a reason that are shown. The journal has all of it. */
const REASON_MAX = 1024

/** One line for each actor, parents before children. */
export function snapshotTree(roots: Iterable<Cell>, nowMs: number): readonly ActorSnapshot[] {
  const lines: ActorSnapshot[] = []
  const visit = (cell: Cell): void => {
    const { holds } = cell.definition
    lines.push({
      path: cell.path,
      state: cell.state.kind,
      reason: cell.state.reason?.slice(0, REASON_MAX) ?? null,
      mailboxDepth: cell.mailbox.depth,
      restarts: cell.restarts,
      lastError: cell.lastError,
      uptimeMs: Math.max(0, Math.round(nowMs - cell.startedAtMs)),
      ...(holds === undefined ? {} : { holds: { ...holds() } }),
    })
    for (const child of cell.children.values()) visit(child)
  }
  for (const root of roots) visit(root)
  return lines
}
