/** The choices and commands of operators, in every store. */
import { notificationId, segmentId } from '../../schema/ids.ts'
import { incident, segmentFields, type OpenWorld, type RegisterTest } from './store-world.ts'

/** Registers the tests. */
export function operatorConformance(test: RegisterTest, open: OpenWorld): void {
  test('policy of a segment is the latest choice, and is deleted with the segment', async (t) => {
    await using world = await open()
    const { store } = world
    const segment = await store.createSegment(segmentFields('zone-p'))
    const other = await store.createSegment(segmentFields('zone-q'))
    t.deepEqual(await store.getPolicy(segment.uuid), {})
    await store.setPolicy(segment.uuid, { trustReports: true })
    const rungs = [{ kind: 'command', name: 'blocklist', limitMs: 5000 } as const]
    await store.setPolicy(segment.uuid, { rungs })
    t.deepEqual(await store.getPolicy(segment.uuid), { rungs })
    t.deepEqual(await store.getPolicy(other.uuid), {})
    await store.deleteSegment(segment.uuid)
    t.deepEqual(await store.getPolicy(segment.uuid), {})
    await t.throwsAsync(store.setPolicy(segment.uuid, {}), { code: 'SEGMENT_NOT_FOUND' })
    await t.throwsAsync(store.setPolicy(segmentId('none'), {}), { code: 'SEGMENT_NOT_FOUND' })
  })

  test('host that an ended recovery holds is returning, with all that decides about it', async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { segment, host, notification, epoch } = await incident(world)
    const { uuid } = notification
    await store.holdHost(epoch, host.uuid, uuid)
    t.deepEqual(await store.listReturning(0), [], 'its recovery goes on')
    const change = { notification: uuid, kind: 'service', host: host.uuid } as const
    await store.recordChange(epoch, { ...change, subject: 'it is dead' })
    const issuedAt = clock.wall
    await store.saveCertificate({
      notification: uuid,
      host: host.uuid,
      epoch,
      issuedAt,
      ground: 'operator',
      evidence: ['seen'],
    })
    await store.recordTransition(epoch, {
      notification: uuid,
      from: ['new'],
      to: 'finished',
      reason: 'done',
    })
    const [returning, ...others] = await store.listReturning(issuedAt)
    t.deepEqual(others, [])
    t.like(returning, {
      host: { uuid: host.uuid, onMaintenance: true },
      segmentName: segment.name,
      by: uuid,
      isGivenBack: false,
      choices: {},
      commands: [],
      deaths: [issuedAt],
      disabledWith: 'it is dead',
    })
    t.deepEqual((await store.listReturning(issuedAt + 1))[0]?.deaths, [])
    await store.updateSegment(segment.uuid, { enabled: false })
    t.deepEqual(await store.listReturning(0), [], 'its segment is disabled')
    await store.updateSegment(segment.uuid, { enabled: true })
    await store.updateHost(segment.uuid, host.uuid, { onMaintenance: true })
    t.deepEqual(await store.listReturning(0), [], 'an operator has taken it over')
    await store.updateHost(segment.uuid, host.uuid, { onMaintenance: false })
    const given = { by: uuid, isGivenBack: true, disabledWith: 'it is dead' }
    t.like((await store.listReturning(0))[0], given, 'its service is still disabled')
    await store.releaseHost(epoch, host.uuid, uuid)
    t.deepEqual(await store.listReturning(0), [])
  })

  test("operator command is kept with the operator's name, and a decision sees it with the policy", async (t) => {
    await using world = await open()
    const { store, clock } = world
    const { segment, notification } = await incident(world)
    const command = {
      notification: notification.uuid,
      kind: 'confirm-dead',
      operator: 'Zoë',
      reason: 'I pulled the plug — twice',
    } as const
    t.deepEqual(await store.listCommands(notification.uuid), [])
    await store.giveCommand(command)
    clock.wall += 1000
    await store.giveCommand({ ...command, reason: 'again' })
    await store.setPolicy(segment.uuid, { trustReports: true })
    const commands = await store.listCommands(notification.uuid)
    t.deepEqual(commands, [
      { ...command, givenAt: clock.wall - 1000 },
      { ...command, reason: 'again', givenAt: clock.wall },
    ])
    const snapshot = await store.readSnapshot(segment.uuid, notification.uuid, 0)
    t.deepEqual(snapshot.commands, commands)
    t.deepEqual(snapshot.choices, { trustReports: true })
    const unknown = { ...command, notification: notificationId('nobody') }
    await t.throwsAsync(store.giveCommand(unknown), { code: 'NOTIFICATION_NOT_FOUND' })
  })
}
