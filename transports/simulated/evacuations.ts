/**
 * The asynchronous part of an evacuation: scheduling, the claim, the rebuild, and the return of the
 * source.
 */
import type { Evacuation } from '../../actors/ports/compute.ts'
import type { HostName } from '../../schema/ids.ts'
import { isWithin, minus } from '../../schema/resources.ts'
import type { CallChance } from './call-chance.ts'
import type { Faults, RangeMs } from './faults.ts'
import type { Machine } from './machine.ts'
import type { EvacuationRow, InstanceRow, NovaRows } from './nova-rows.ts'
import { draw } from './random.ts'
import type { Site } from './site.ts'

const SCHEDULING_MS = [100, 600] as const
/** The time between the two writes of a conductor that gives up, ms. */
const CONDUCTOR_MS = 100
const CLAIM_MS = [50, 300] as const
/** How often a request in the queue of a stopped nova-compute is looked at again, ms. */
const QUEUED_MS = 500
/** How often a hung target is checked again, ms. */
const HUNG_TARGET_MS = 5000

/** Records that a starting nova-compute closes. */
const OPEN: ReadonlySet<string> = new Set(['accepted', 'pre-migrating', 'done'])

/** One evacuation after its acceptance. */
interface Course {
  readonly row: InstanceRow
  readonly record: EvacuationRow
  /** The host that the caller requested. */
  readonly wanted: HostName | undefined
}

/** The conductor and the destination computes of the simulated Nova. */
export class Evacuations {
  readonly #site: Site
  readonly #rows: NovaRows
  readonly #faults: Faults
  readonly #chance: CallChance

  constructor(parts: {
    readonly site: Site
    readonly rows: NovaRows
    readonly faults: Faults
    readonly chance: CallChance
  }) {
    this.#site = parts.site
    this.#rows = parts.rows
    this.#faults = parts.faults
    this.#chance = parts.chance
  }

  begin(row: InstanceRow, source: HostName, wanted: HostName | undefined): void {
    const wallMs = this.#site.clock.wallMs()
    const record = this.#rows.addEvacuation({ row, source, wanted, wallMs })
    row.taskState = 'rebuilding'
    this.#site.ledger.count('evacuation.accepted')
    const course = { row, record, wanted }
    this.#later(row, SCHEDULING_MS, () => this.#schedule(course))
  }

  /**
   * What nova-compute does at its start: it destroys the instances that are evacuated, or were, and
   * closes the newest record of each.
   */
  cleanUp(source: Machine): void {
    const records = this.#rows.evacuationsFrom(source.name).filter(({ status }) => OPEN.has(status))
    for (const record of new Map(records.map((each) => [each.instance, each])).values()) {
      const back = record.status === 'done' && this.#isHostOf(source, record)
      if (!back) this.#site.endCopy(source, record.instance, 'stopped-destroyed')
      this.#mark(record, 'completed')
    }
  }

  #isHostOf(machine: Machine, record: EvacuationRow): boolean {
    return this.#rows.instances.get(record.instance)?.host === machine.name
  }

  #schedule(course: Course): void {
    const target = this.#chooseTarget(course)
    if (target === undefined) {
      this.#refuse(course)
      return
    }
    target.take(course.row.needs)
    course.record.dest = target.name
    this.#later(course.row, CLAIM_MS, () => this.#claim(course, target))
  }

  /** The conductor closes the record first, and changes the instance a moment later. */
  #refuse({ row, record }: Course): void {
    record.work = 'over'
    this.#rows.failures.set(row.id, 'No valid host was found.')
    this.#rows.refusals.set(row.id, (this.#rows.refusals.get(row.id) ?? 0) + 1)
    this.#mark(record, 'error')
    this.#site.ledger.note('world', `${row.name} stays on ${record.source}: no valid host`)
    this.#site.clock.schedule(CONDUCTOR_MS, () => {
      row.taskState = null
      row.vmState = 'error'
    })
  }

  /**
   * Nova's filters: up, enabled, with room, not the source. Of the hosts that pass, the emptiest
   * one is chosen; among equals, the first.
   */
  #chooseTarget({ row, record, wanted }: Course): Machine | undefined {
    const nowMs = this.#site.clock.monotonicMs()
    let best: Machine | undefined
    for (const machine of this.#site.machines) {
      if (machine.disabled || machine.name === record.source) continue
      if (wanted !== undefined && machine.name !== wanted) continue
      if (!this.#suits(row, machine)) continue
      const room = minus(machine.capacity, machine.taken)
      if (!isWithin(row.needs, room) || !machine.isUpForNova(nowMs)) continue
      if (best === undefined || room.memoryMb > best.capacity.memoryMb - best.taken.memoryMb) {
        best = machine
      }
    }
    return best
  }

  /**
   * The filters that depend on the instance: hidden ones, its zone, its server group, and the
   * request of its flavour.
   */
  #suits(row: InstanceRow, machine: Machine): boolean {
    const { zone, request } = row
    if (!this.#faults.accepts(row.name, machine.name)) return false
    if (zone !== null && machine.zone !== zone) return false
    if (request !== null && !this.#faults.candidatesOf(request).has(machine.name)) return false
    const group = this.#rows.groups.find(({ members }) => members.includes(row.id))
    if (group?.policy !== 'anti-affinity') return true
    const there = group.members.filter((member) => {
      return member !== row.id && this.#rows.instances.get(member)?.host === machine.name
    })
    return there.length < group.perHostMax
  }

  /**
   * The request waits in the queue of a nova-compute that was stopped. One that was restarted does
   * not go on with a rebuild of before: it looks at the instances of its own host only, and the
   * instance is not one of them before it has arrived.
   */
  #claim(course: Course, target: Machine): void {
    if (target.isRunning && target.network === 'up' && target.novaCompute === 'down') {
      this.#site.clock.schedule(QUEUED_MS, () => this.#claim(course, target))
      return
    }
    if (!target.serves) return this.#giveUp(course, target)
    if (this.#happens(course.row, this.#faults.nova.claimFailureRate)) {
      target.release(course.row.needs)
      return this.#fail(course, 'failed', `${target.name} turns it down`)
    }
    course.row.taskState = 'rebuild_spawning'
    this.#mark(course.record, 'pre-migrating')
    const { boot } = target
    course.record.targetBoot = boot
    this.#later(course.row, this.#faults.nova.rebuildMs, () => this.#finish(course, target, boot))
  }

  #finish(course: Course, target: Machine, boot: number): void {
    if (target.boot === boot && target.os === 'hung') {
      this.#site.clock.schedule(HUNG_TARGET_MS, () => this.#finish(course, target, boot))
      return
    }
    if (target.boot !== boot || !target.serves) return this.#giveUp(course, target)
    if (!this.#rows.instances.has(course.row.id)) {
      target.release(course.row.needs)
      return this.#fail(course, 'failed', 'its owner has deleted it')
    }
    if (this.#happens(course.row, this.#faults.nova.spawnFailureRate)) {
      target.release(course.row.needs)
      this.#fail(course, 'failed', `the guest did not start on ${target.name}`)
      course.row.vmState = 'error'
      return
    }
    this.#arrive(course, target)
  }

  #arrive({ row, record }: Course, target: Machine): void {
    const left = row.host === null ? undefined : this.#site.find(row.host)
    left?.release(row.needs)
    row.host = target.name
    row.taskState = null
    if (row.vmState !== 'stopped') Object.assign(row, ACTIVE)
    record.work = 'over'
    this.#mark(record, 'done')
    this.#site.ledger.note('world', `${row.name} moved from ${record.source} to ${target.name}`)
    if (row.vmState === 'active') this.#site.startCopy(target, row.id)
  }

  /** No process is left that could finish or close the record. */
  #giveUp({ row, record }: Course, target: Machine): void {
    target.release(row.needs)
    record.work = 'over'
    this.#site.ledger.note('world', `${row.name} is stuck on its way to ${target.name}`)
  }

  #fail({ row, record }: Course, status: 'error' | 'failed', why: string): void {
    record.work = 'over'
    row.taskState = null
    this.#rows.failures.set(row.id, why)
    this.#mark(record, status)
    this.#site.ledger.note('world', `${row.name} stays on ${record.source}: ${why}`)
  }

  #happens({ name }: InstanceRow, rate: number): boolean {
    return this.#chance.next(`fate ${name}`).next() < rate
  }

  #mark(record: EvacuationRow, status: Evacuation['status']): void {
    record.status = status
    this.#site.ledger.count(`evacuation.${status}`)
  }

  #later({ name }: InstanceRow, rangeMs: RangeMs, callback: () => void): void {
    this.#site.clock.schedule(draw(this.#chance.next(`time ${name}`), rangeMs), callback)
  }
}

/** The states of an instance that runs. */
export const ACTIVE = { vmState: 'active', taskState: null, powerState: 1 } as const
/** The states of an instance whose emulator has ended. */
export const STOPPED = { vmState: 'stopped', taskState: null, powerState: 4 } as const
