/**
 * Thousands of guests' faults in a segment: its hosts come first, few guests are handled at once,
 * and none is forgotten.
 */
import test from 'ava'
import { INSTANCE_AND_SERVICE_AT_ONCE } from '../../../actors/segment/segment.ts'
import { notificationId } from '../../../schema/ids.ts'
import type { Notification } from '../../../schema/records.ts'
import { H1, H2, I1, N1 } from '../records.ts'
import {
  Stage,
  about,
  consulted,
  consulting,
  recover,
  reportOf,
  type Effect,
  type Word,
} from '../recovery/stage.ts'

const GUESTS = 5000

const guest = (number: number, host = H2): Notification =>
  reportOf(notificationId(`guest-${number}`), host, {
    type: 'VM',
    payload: {
      event: 'LIFECYCLE',
      vir_domain_event: 'STOPPED_FAILED',
      instance_uuid: `${I1}-${number}`,
    },
  })

/** A segment, and the recoveries that read their situation, in order. */
class Scene {
  readonly stage = new Stage()
  readonly consulted: string[] = []
  readonly noted: string[] = []

  tell(word: Word): readonly Effect[] {
    const effects = this.stage.tell(word)
    this.consulted.push(...consulting(effects))
    for (const effect of effects) {
      if (effect.type === 'recovery.note-held') this.noted.push(effect.about)
    }
    return effects
  }
}

function flooded(host = H2): Scene {
  const scene = new Scene()
  for (let number = 0; number < GUESTS; number += 1) scene.tell(recover(guest(number, host)))
  return scene
}

test('a host that is reported among thousands of guests is decided next', (t) => {
  const scene = flooded()
  scene.tell(recover())
  t.deepEqual(scene.consulted, ['guest-0'])
  scene.tell(consulted(guest(0)))
  scene.tell(about('recovery.admitted', guest(0).uuid))
  t.deepEqual(scene.consulted, ['guest-0', N1])
})

test('few guests are restarted at once, each in its turn, until all had a turn', (t) => {
  const scene = flooded()
  let most = 0
  const answered = new Set<string>()
  for (let asked = scene.consulted.at(-1); asked !== undefined; asked = next()) {
    answered.add(asked)
    const notification = guest(Number(asked.replace('guest-', '')))
    scene.tell(consulted(notification))
    scene.tell(about('recovery.admitted', notification.uuid))
    most = Math.max(most, scene.stage.kinds.filter((kind) => kind === 'restarting').length)
    if (scene.consulted.at(-1) === asked) finishOne()
  }
  function next(): string | undefined {
    const last = scene.consulted.at(-1)
    return last === undefined || answered.has(last) ? undefined : last
  }
  function finishOne(): void {
    const ids = [...scene.stage.state.recoveries.keys()]
    const notification = ids.find((id) => scene.stage.kindOf(id) === 'restarting')
    if (notification === undefined) return
    const end = { type: 'fault.concluded', notification, status: 'finished' } as const
    scene.tell({ to: notification, message: { ...end, reason: 'it runs' } })
    scene.tell(about('recovery.concluded', notification))
  }
  t.is(most, INSTANCE_AND_SERVICE_AT_ONCE)
  t.is(answered.size, GUESTS)
  t.is(scene.consulted.length, GUESTS)
})

test('guests of a host that is reported dead wait for its recovery without repeated questions', (t) => {
  const scene = flooded(H1)
  scene.tell(recover())
  const hostFault = { notification: N1, certified: false, state: 'open' } as const
  scene.tell(consulted(guest(0, H1), { hostFault }))
  const timers = scene.tell(consulted()).filter(({ type }) => type === 'timer.start')
  t.deepEqual(timers, [])
  scene.tell({ to: N1, message: { type: 'recovery.deferred', reason: 'too many hosts fail' } })
  for (let number = 1; number < GUESTS; number += 1) {
    const effects = scene.tell(consulted(guest(number, H1), { hostFault }))
    t.deepEqual(
      effects.filter(({ type }) => type === 'timer.start'),
      [],
    )
  }
  t.is(scene.noted.filter((uuid) => uuid !== N1).length, GUESTS, 'the reason is on record, once')
  const before = scene.consulted.length
  scene.tell(about('recovery.gone'))
  t.is(scene.consulted.length, before + 1, 'now it is their turn')
  t.is(scene.stage.kinds.filter((kind) => kind === 'queued').length, GUESTS - 1)
})

test('a recovery that is being concluded gets no more messages, because it may stop before it reads them', (t) => {
  const stage = new Stage()
  const heard = (): number => stage.told.filter((type) => type === 'recovery.heard').length
  stage.tell(recover())
  stage.tell(recover())
  t.is(heard(), 1)
  stage.tell({ type: 'segment.host-alive', host: H1, reason: 'seen alive' })
  t.is(stage.kindOf(N1), 'concluding')
  stage.tell(recover())
  t.is(heard(), 1)
})
