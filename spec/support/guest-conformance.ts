/** What every GuestPort promises, whatever stands behind it: registers the tests for one kind of hypervisor. */
import type { ExecutionContext, TestFn } from 'ava'
import type { GuestEvent, GuestNews, GuestPort, GuestView } from '../../actors/ports/guest.ts'
import { instanceId, type InstanceId } from '../../schema/ids.ts'

/** A guest that something may happen to. */
export interface TestGuest {
  readonly instance: InstanceId
  /** Its emulator dies. */
  kill(): Promise<void>
  /** It runs on and answers nothing. */
  hang(): Promise<void>
  /** Its owner shuts it down. */
  shutDown(): Promise<void>
  /** After it was shut down, and until its agent listens. */
  start(): Promise<void>
}

/** A hypervisor, and ways to listen to it: each port has news of its own. */
export interface GuestWorld {
  openPort(): GuestPort & AsyncDisposable
  /** A guest that runs, and whose agent listens. */
  startGuest(): Promise<TestGuest>
}

/** Reads news, and remembers them. */
export class NewsReader {
  readonly read: GuestNews[] = []
  readonly #port: GuestPort
  readonly #signal = new AbortController().signal
  #from: 'snapshot' | 'last-call' = 'snapshot'

  constructor(port: GuestPort) {
    this.#port = port
  }

  async until(isIt: (news: GuestNews) => boolean): Promise<GuestNews> {
    for (;;) {
      const news = await this.#port.news(this.#from, this.#signal)
      this.#from = 'last-call'
      this.read.push(...news)
      const found = news.find(isIt)
      if (found !== undefined) return found
    }
  }

  async snapshot(): Promise<readonly GuestView[]> {
    const news = await this.until(({ type }) => type === 'snapshot')
    return news.type === 'snapshot' ? news.guests : []
  }

  event(instance: InstanceId, ...events: readonly GuestEvent[]): Promise<GuestNews> {
    return this.until(
      (news) =>
        news.type === 'happened' && news.instance === instance && events.includes(news.event),
    )
  }

  /** Of what was read. */
  eventsOf(instance: InstanceId): readonly GuestEvent[] {
    return this.read.flatMap((news) =>
      news.type === 'happened' && news.instance === instance ? [news.event] : [],
    )
  }
}

const viewOf = (views: readonly GuestView[], instance: InstanceId): GuestView | undefined =>
  views.find((view) => view.instance === instance)

/** Registers the tests. */
export function guestConformance(test: TestFn, world: () => GuestWorld): void {
  type Body = (t: ExecutionContext, port: GuestPort, news: NewsReader) => Promise<void>
  const check = (title: string, body: Body): void => {
    test(title, async (t) => {
      await using port = world().openPort()
      await body(t, port, new NewsReader(port))
    })
  }

  check('a snapshot shows a guest that runs, with its agent', async (t, _port, news) => {
    const { instance } = await world().startGuest()
    const view = viewOf(await news.snapshot(), instance)
    t.is(view?.power, 'running')
    t.is(view?.agent, 'connected')
  })

  check('a guest that is well answers, one that nobody knows is unknown', async (t, port, news) => {
    const { instance } = await world().startGuest()
    await news.snapshot()
    const nobody = instanceId('00000000-0000-4000-8000-000000000000')
    const signs = await port.heartbeats([instance, nobody], 2000)
    t.is(signs.get(instance), 'alive')
    t.is(signs.get(nobody), 'unknown')
  })

  check(
    'a guest that hangs is silent, and its snapshot does not show it',
    async (t, port, news) => {
      const guest = await world().startGuest()
      await guest.hang()
      t.is(viewOf(await news.snapshot(), guest.instance)?.power, 'running')
      t.is((await port.heartbeats([guest.instance], 2000)).get(guest.instance), 'silent')
      t.is((await port.heartbeats([guest.instance], 2000)).get(guest.instance), 'silent')
    },
  )

  check(
    'when an emulator dies, it is told, and the next snapshot shows it',
    async (t, port, news) => {
      const guest = await world().startGuest()
      await news.snapshot()
      await guest.kill()
      await news.event(guest.instance, 'stopped-failed')
      const later = new NewsReader(port)
      t.is(viewOf(await later.snapshot(), guest.instance)?.power, 'failed')
      t.is((await port.heartbeats([guest.instance], 2000)).get(guest.instance), 'unknown')
    },
  )

  check(
    'when an owner shuts a guest down and starts it again, that is told',
    async (t, port, news) => {
      const guest = await world().startGuest()
      const before = viewOf(await news.snapshot(), guest.instance)
      await guest.shutDown()
      await news.event(guest.instance, 'stopped-shutdown')
      await Promise.all([guest.start(), news.event(guest.instance, 'started')])
      t.false(news.eventsOf(guest.instance).includes('stopped-failed'))
      const again = news.read.findLast(
        (each) => each.type === 'seen' && each.guest.instance === guest.instance,
      )
      t.not(again?.type === 'seen' ? again.guest.run : before?.run, before?.run)
      await news.event(guest.instance, 'agent-connected')
      t.is((await port.heartbeats([guest.instance], 5000)).get(guest.instance), 'alive')
    },
  )

  check(
    'waiting for news ends with the signal, and nothing is told then',
    async (t, port, news) => {
      await news.snapshot()
      const ending = new AbortController()
      const waiting = port.news('last-call', ending.signal)
      ending.abort()
      await waiting // something may have happened before
      t.deepEqual(await port.news('last-call', ending.signal), [])
    },
  )
}
