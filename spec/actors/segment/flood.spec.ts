/** Thousands of guests' faults in a segment: its hosts come first, few guests are seen to at once, and none is forgotten. */
import test from 'ava'
import {
  SERVING,
  SMALL_AT_ONCE,
  type SegmentMessage,
  type SegmentState,
} from '../../../actors/segment/segment-state.ts'
import { segment } from '../../../actors/segment/segment.ts'
import { notificationId } from '../../../schema/ids.ts'
import type { Notification } from '../../../schema/records.ts'
import { EPOCH, H1, H2, I1, N1, SEGMENT } from '../records.ts'
import { RULES, about, consulted, recover, reportOf, type Effect } from './story.ts'

const GUESTS = 5000
const behaviour = segment({ segment: SEGMENT, epoch: EPOCH }, RULES)

const guest = (number: number, host = H2): Notification =>
  reportOf(notificationId(`guest-${number}`), host, {
    type: 'VM',
    payload: {
      event: 'LIFECYCLE',
      vir_domain_event: 'STOPPED_FAILED',
      instance_uuid: `${I1}-${number}`,
    },
  })

/** A segment and whom it asks about, in turn. */
class Scene {
  state: SegmentState = SERVING
  readonly consulted: string[] = []
  readonly noted: string[] = []

  tell(message: SegmentMessage): readonly Effect[] {
    const [next, effects] = behaviour(this.state, message)
    this.state = next
    for (const effect of effects) {
      if (effect.type === 'snapshot.read') this.consulted.push(effect.notification)
      if (effect.type === 'recovery.note-held') {
        this.noted.push(effect.recovery.notification.uuid)
      }
    }
    return effects
  }

  get phases(): readonly string[] {
    return [...this.state.recoveries.values()].map(({ phase }) => phase.kind)
  }
}

function flooded(host = H2): Scene {
  const scene = new Scene()
  for (let number = 0; number < GUESTS; number += 1) scene.tell(recover(guest(number, host)))
  return scene
}

test('a host that is reported among thousands of guests is decided on next', (t) => {
  const scene = flooded()
  scene.tell(recover())
  t.deepEqual(scene.consulted, ['guest-0'])
  scene.tell(consulted(guest(0)))
  scene.tell(about('segment.admitted', guest(0).uuid))
  t.deepEqual(scene.consulted, ['guest-0', N1])
})

test('few guests are restarted at once, each in its turn, until all have had theirs', (t) => {
  const scene = flooded()
  let most = 0
  const answered = new Set<string>()
  for (let asked = scene.consulted.at(-1); asked !== undefined; asked = next()) {
    answered.add(asked)
    const notification = guest(Number(asked.replace('guest-', '')))
    scene.tell(consulted(notification))
    scene.tell(about('segment.admitted', notification.uuid))
    most = Math.max(most, scene.phases.filter((kind) => kind === 'restarting').length)
    if (scene.consulted.at(-1) === asked) finishOne()
  }
  function next(): string | undefined {
    const last = scene.consulted.at(-1)
    return last === undefined || answered.has(last) ? undefined : last
  }
  function finishOne(): void {
    const working = [...scene.state.recoveries.values()].find(
      ({ phase }) => phase.kind === 'restarting',
    )
    if (working === undefined) return
    const { uuid: notification } = working.notification
    scene.tell({ type: 'fault.concluded', notification, status: 'finished', reason: 'it runs' })
    scene.tell(about('segment.concluded', notification))
  }
  t.is(most, SMALL_AT_ONCE)
  t.is(answered.size, GUESTS)
  t.is(scene.consulted.length, GUESTS)
})

test('guests of a host that is reported dead wait for its recovery, without asking again and again', (t) => {
  const scene = flooded(H1)
  scene.tell(recover())
  const hostFault = { notification: N1, certified: false, state: 'open' } as const
  scene.tell(consulted(guest(0, H1), { hostFault }))
  const timers = scene.tell(consulted()).filter(({ type }) => type === 'timer.start')
  t.deepEqual(timers, [])
  scene.tell({ type: 'segment.deferred', notification: N1, reason: 'too many hosts fail' })
  for (let number = 1; number < GUESTS; number += 1) {
    const effects = scene.tell(consulted(guest(number, H1), { hostFault }))
    t.deepEqual(
      effects.filter(({ type }) => type === 'timer.start'),
      [],
    )
  }
  t.is(scene.noted.filter((uuid) => uuid !== N1).length, GUESTS, 'the reason is on record, once')
  const before = scene.consulted.length
  scene.tell(about('segment.gone'))
  t.is(scene.consulted.length, before + 1, 'now it is their turn')
  t.is(scene.phases.filter((kind) => kind === 'queued').length, GUESTS - 1)
})
