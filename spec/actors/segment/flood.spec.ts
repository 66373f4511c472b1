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

const FIRST = Array.from({ length: INSTANCE_AND_SERVICE_AT_ONCE }, (_, number) => guest(number))

test('a host that is reported among thousands of guests is decided next, and alone', (t) => {
  const scene = flooded()
  scene.tell(recover())
  const first = FIRST.map(({ uuid }) => uuid)
  t.deepEqual(scene.consulted, first)
  for (const notification of FIRST) {
    t.false(scene.consulted.includes(N1), 'guests are still being decided')
    scene.tell(consulted(notification))
    scene.tell(about('recovery.admitted', notification.uuid))
  }
  t.deepEqual(scene.consulted, [...first, N1])
  for (const notification of first.slice(0, 3)) {
    scene.tell({ to: notification, message: { ...CONCLUDED, notification } })
    scene.tell(about('recovery.concluded', notification))
  }
  t.is(scene.consulted.length, first.length + 1, 'no guest is decided beside a host')
})

const CONCLUDED = {
  type: 'fault.concluded',
  notification: guest(0).uuid,
  status: 'finished',
  reason: 'it runs',
} as const

test('two reports about one instance are decided one after the other', (t) => {
  const scene = new Scene()
  const one = guest(1)
  const again = { ...one, uuid: notificationId('again') }
  scene.tell(recover(one))
  scene.tell(recover(again))
  t.deepEqual(scene.consulted, [one.uuid])
  scene.tell(consulted(one))
  scene.tell(about('recovery.admitted', one.uuid))
  t.deepEqual(scene.consulted, [one.uuid, again.uuid])
})

test('few guests are restarted at once, each in its turn, until all had a turn', (t) => {
  const scene = flooded()
  let most = 0
  for (let index = 0; index < scene.consulted.length; index += 1) {
    const notification = guest(Number(scene.consulted[index]?.replace('guest-', '')))
    scene.tell(consulted(notification))
    scene.tell(about('recovery.admitted', notification.uuid))
    most = Math.max(most, scene.stage.kinds.filter((kind) => kind === 'restarting').length)
    if (index === scene.consulted.length - 1) finishOne()
  }
  function finishOne(): void {
    const ids = [...scene.stage.state.recoveries.keys()]
    const notification = ids.find((id) => scene.stage.kindOf(id) === 'restarting')
    if (notification === undefined) return
    scene.tell({ to: notification, message: { ...CONCLUDED, notification } })
    scene.tell(about('recovery.concluded', notification))
  }
  t.is(most, INSTANCE_AND_SERVICE_AT_ONCE)
  t.is(new Set(scene.consulted).size, GUESTS)
  t.is(scene.consulted.length, GUESTS)
})

test('guests of a host that is reported dead wait for its recovery without repeated questions', (t) => {
  const scene = flooded(H1)
  scene.tell(recover())
  const hostFault = { notification: N1, certified: false, state: 'open' } as const
  const wait = (number: number): readonly Effect[] =>
    scene.tell(consulted(guest(number, H1), { hostFault }))
  for (const number of FIRST.keys()) wait(number)
  const timers = scene.tell(consulted()).filter(({ type }) => type === 'timer.start')
  t.deepEqual(timers, [])
  scene.tell({ to: N1, message: { type: 'recovery.deferred', reason: 'too many hosts fail' } })
  for (let number = FIRST.length; number < GUESTS; number += 1) {
    t.deepEqual(
      wait(number).filter(({ type }) => type === 'timer.start'),
      [],
    )
  }
  t.is(scene.noted.filter((uuid) => uuid !== N1).length, GUESTS, 'the reason is on record, once')
  const before = scene.consulted.length
  scene.tell(about('recovery.gone'))
  t.is(scene.consulted.length, before + FIRST.length, 'now it is their turn')
  t.is(scene.stage.kinds.filter((kind) => kind === 'queued').length, GUESTS - FIRST.length)
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
