/** `top`: hosts, recoveries, leader and nodes on one screen, drawn again as they change. */
import { sleep } from '../../actors/ports/clock.ts'
import { rulesOf } from '../roles/rules.ts'
import { tapOf } from '../tap/open-tap.ts'
import { untilEnded } from '../tap/output.ts'
import { subjectIn } from '../tap/tap-arguments.ts'
import { hear, paintFor } from '../tap/tap-line.ts'
import { FleetBoard } from '../top/fleet-board.ts'
import { screenOf, type Size } from '../top/screen.ts'
import { openScreen } from '../top/terminal.ts'
import { withStore, type StoreWork } from '../with-store.ts'

/** How often the store is read and the screen drawn, ms. */
const DRAW_MS = 1000
/** In this time, every process has said how it is, ms. */
const HEARD_MS = 4000
/** A page or a pipe has no size. */
const UNLIMITED: Size = { columns: 200, rows: 100_000 }

/** Exit statuses: 0 ended by the operator; 1 the store is not available; 2 the configuration cannot be used. */
export async function top({ config }: { readonly config: string }): Promise<number> {
  return withStore(config, show)
}

async function show({ config, store, clock }: StoreWork): Promise<void> {
  const { cloud } = config.bus
  const board = new FleetBoard(clock, rulesOf(config).window.freshMs)
  const notes: string[] = []
  await using tap = tapOf(config, {
    pattern: subjectIn(cloud, '>'),
    since: undefined,
    onMessage: (message) => {
      const heard = hear(message)
      if (heard.kind === 'decoded') board.hear(heard.received, message.body.length)
    },
    onNote: (note) => void notes.splice(0, notes.length, note),
  })
  const lines = async (size: Size): Promise<readonly string[]> => {
    const hosts = await store.listHostProtections()
    const unfinished = await store.listUnfinished()
    const fleet = board.fleet({ hosts, unfinished }, await tap.faultsWaiting())
    const room = { ...size, rows: size.rows - notes.length }
    const drawn = screenOf(
      fleet,
      { cloud, wallMs: clock.wallMs(), size: room },
      paintFor(process.stdout),
    )
    return [...drawn, ...notes.map((note) => note.slice(0, size.columns))]
  }
  if (!process.stdout.isTTY) {
    await sleep(clock, HEARD_MS)
    process.stdout.write(`${(await lines(UNLIMITED)).join('\n')}\n`)
    return
  }
  const ended = untilEnded()
  using screen = openScreen(ended)
  while (!screen.ended.aborted) {
    screen.draw(await lines(screen.size()))
    await screen.pause(sleep(clock, DRAW_MS, screen.ended))
  }
}
