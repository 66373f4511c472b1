/** Records of a small cloud for specs: one segment, its hosts, a notification, instances. */
import type { Look } from '../../actors/verification/look.ts'
import type { ComputeService, Evacuation, Instance } from '../../actors/ports/compute.ts'
import type { OpenChange } from '../../actors/ports/ledger.ts'
import type { Room } from '../../actors/ports/placement.ts'
import type { Target, TargetName } from '../../actors/placement/targets.ts'
import type { SegmentSnapshot } from '../../actors/ports/store.ts'
import {
  epoch,
  hostId,
  hostName,
  instanceId,
  moveId,
  nodeName,
  notificationId,
  segmentId,
} from '../../schema/ids.ts'
import type {
  DeathCertificate,
  Host,
  Notification,
  OperatorCommand,
  RecordedMove,
  Segment,
} from '../../schema/records.ts'

export const SEGMENT = segmentId('segment-1')
export const EPOCH = epoch(7)
export const NODE = nodeName('engine-1')
export const N1 = notificationId('notification-1')
export const N2 = notificationId('notification-2')
export const H1 = hostId('host-1')
export const H2 = hostId('host-2')
export const ONE = hostName('compute-1')
export const TWO = hostName('compute-2')
export const THREE = hostName('compute-3')
export const M1 = moveId('move-1')
export const M2 = moveId('move-2')
export const I1 = instanceId('instance-1')
export const I2 = instanceId('instance-2')
export const I3 = instanceId('instance-3')

/** The resources of an instance. */
export const SMALL = { vcpus: 1, memoryMb: 2048, diskGb: 10 }

const STAMP = { id: 1, createdAt: 0, updatedAt: null }

export const segmentRow = (change: Partial<Segment> = {}): Segment => ({
  ...STAMP,
  uuid: SEGMENT,
  name: 'rack-1',
  serviceType: 'COMPUTE',
  description: null,
  recoveryMethod: 'auto',
  enabled: true,
  ...change,
})

export const hostRow = (change: Partial<Host> = {}): Host => ({
  ...STAMP,
  uuid: H1,
  name: ONE,
  segment: SEGMENT,
  type: 'COMPUTE',
  controlAttributes: '',
  reserved: false,
  onMaintenance: false,
  maintenanceBy: null,
  ...change,
})

/** A trusted report that the first host is down. */
export const notificationRow = (change: Partial<Notification> = {}): Notification => ({
  ...STAMP,
  uuid: N1,
  type: 'COMPUTE_HOST',
  generatedAt: 0,
  sourceHost: H1,
  segment: SEGMENT,
  payload: { event: 'STOPPED', cluster_status: 'OFFLINE', host_status: 'NORMAL' },
  status: 'new',
  message: null,
  run: 0,
  firstRun: 1,
  ...change,
})

export const certificateRow = (change: Partial<DeathCertificate> = {}): DeathCertificate => ({
  notification: N1,
  host: H1,
  epoch: EPOCH,
  issuedAt: 0,
  ground: 'power-off-confirmed',
  evidence: [],
  ...change,
})

/** A command of an operator who has looked at the host. */
export const commandRow = (change: Partial<OperatorCommand> = {}): OperatorCommand => ({
  notification: N1,
  kind: 'confirm-dead',
  operator: 'alice',
  reason: 'I pulled the plug',
  givenAt: 0,
  ...change,
})

/** Two hosts, one of them reported. */
export const snapshotRow = (change: Partial<SegmentSnapshot> = {}): SegmentSnapshot => ({
  segment: segmentRow(),
  hosts: [hostRow(), hostRow({ uuid: H2, name: TWO })],
  notification: notificationRow(),
  certificate: undefined,
  moves: [],
  choices: {},
  commands: [],
  control: { kind: 'running' },
  takenSpares: [],
  hostsActedOn: [],
  hostsActedOnOverall: [],
  hostsOverall: [hostRow(), hostRow({ uuid: H2, name: TWO })],
  failing: [],
  hostFault: null,
  restarts: [],
  ...change,
})

export const instanceRow = (change: Partial<Instance> = {}): Instance => ({
  id: I1,
  name: 'web',
  project: 'a project',
  host: ONE,
  vmState: 'active',
  taskState: null,
  powerState: 1,
  metadata: {},
  volumeBacked: true,
  locked: false,
  needs: SMALL,
  request: null,
  zone: null,
  ...change,
})

export const serviceRow = (change: Partial<ComputeService> = {}): ComputeService => ({
  id: 'service-1',
  host: TWO,
  up: true,
  disabled: false,
  disabledReason: null,
  forcedDown: false,
  zone: null,
  writtenAt: 0,
  writtenAgoMs: 0,
  ...change,
})

/** The state of an ordinary running instance. */
export const RUNNING = { vmState: 'active', taskState: null, powerState: 1, locked: false } as const

export const moveRow = (change: Partial<RecordedMove> = {}): RecordedMove => ({
  ...STAMP,
  uuid: M1,
  notification: N1,
  instance: I1,
  instanceName: 'web',
  sourceHost: ONE,
  destHost: null,
  startedAt: null,
  endedAt: null,
  status: 'pending',
  message: null,
  attempts: 0,
  guest: null,
  origin: RUNNING,
  held: false,
  askedInRun: 0,
  askedAgoMs: 0,
  refusedBy: [],
  hadNoHost: 0,
  failedBy: null,
  refusals: [],
  ...change,
})

/** A host in service with unknown room. */
export const targetRow = (name: TargetName, change: Partial<Target> = {}): Target => ({
  name,
  pool: 'in-service',
  state: 'active',
  room: null,
  ...change,
})

/** A host with room for so many instances of the usual size. */
export const roomRow = (count: number): Room => ({
  free: { vcpus: count, memoryMb: 2048 * count, diskGb: 10 * count },
  largest: { vcpus: 64, memoryMb: 524_288, diskGb: 8000 },
})

/** Nova's record of an evacuation under way. */
export const evacuationRow = (change: Partial<Evacuation> = {}): Evacuation => ({
  id: 'record-1',
  instance: I1,
  status: 'accepted',
  source: ONE,
  dest: TWO,
  createdAt: 0,
  ...change,
})

/** The look of the leader at a dead host. */
export const UNSEEN: Look = {
  finding: 'nothing',
  reason: 'the leader sees no life',
  evidence: ['leader: SSH silent: no answer'],
  atMs: 0,
}

/** The look of the leader at a living host. */
export const SEEN: Look = {
  finding: 'alive',
  reason: 'the leader sees it alive: SSH: it answers',
  evidence: ['leader: SSH alive: it answers'],
  atMs: 0,
}

/** A spare that a recovery took, and that is to be given back. */
export const changeRow = (change: Partial<OpenChange> = {}): OpenChange => ({
  id: 1,
  notification: N1,
  kind: 'spare',
  subject: '',
  state: 'open',
  host: hostRow({ uuid: H2, name: TWO }),
  recoveryEnded: true,
  failedHostIsBack: false,
  ...change,
})
