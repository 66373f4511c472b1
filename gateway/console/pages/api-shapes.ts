/** What the pages read from the API, as far as they use it. */

export interface SessionInfo {
  readonly user: string
  readonly name: string
  readonly project_id: string | null
  readonly roles: readonly string[]
  readonly actions: readonly string[]
  readonly csrf: string
  readonly login: boolean
  readonly idle_seconds: number
}

export interface SegmentInfo {
  readonly uuid: string
  readonly name: string
  readonly service_type: string
  readonly enabled: boolean
  readonly description: string | null
  readonly recovery_method: string
}

/** `[name, meaning, when its latest sign was seen, wall ms]`. */
export type ChannelSign = readonly [name: string, meaning: string, seenAt: number]

export interface FleetHost {
  readonly uuid: string
  readonly name: string
  readonly state: string
  readonly reserved: boolean
  readonly maintenance: string | null
  readonly recovery: string | null
  readonly channels: readonly ChannelSign[]
  readonly domains: readonly string[]
}

export interface FleetSegment extends SegmentInfo {
  readonly hosts: readonly FleetHost[]
}

export interface FleetInfo {
  readonly now: number
  readonly segments: readonly FleetSegment[]
}

export interface NotificationInfo {
  readonly id: number
  readonly notification_uuid: string
  readonly generated_time: string
  readonly created_at: string
  readonly updated_at: string | null
  readonly source_host_uuid: string
  readonly failover_segment_uuid: string | null
  readonly type: string
  readonly status: string
  readonly message: string | null
  readonly payload: Readonly<Record<string, string>>
  readonly progress?: ProgressInfo
}

export interface ProgressInfo {
  readonly percent: number
  readonly total: number
  readonly pending: number
  readonly ongoing: number
  readonly ignored: number
  readonly failed: number
  readonly succeeded: number
  readonly guests: {
    readonly back: number
    readonly not_heard: number
    readonly not_expected: number
  }
}

export interface Attempt {
  readonly number: number
  readonly target: string | null
  readonly requested_at: string
  readonly ended_at: string | null
  readonly outcome: string | null
  readonly reason: string | null
}

export interface Guest {
  readonly state: string
  readonly heard_at: string | null
  readonly reason: string | null
}

export interface Move {
  readonly id: number
  readonly uuid: string
  readonly notification_uuid: string
  readonly instance_uuid: string
  readonly instance_name: string
  readonly source_host: string | null
  readonly dest_host: string | null
  readonly start_time: string | null
  readonly end_time: string | null
  readonly type: string
  readonly status: string
  readonly message: string | null
  readonly attempts?: readonly Attempt[]
  readonly guest?: Guest | null
}

export interface JournalLine {
  readonly id: number
  readonly at: string
  readonly epoch: number
  readonly kind: string
  readonly step: string
  readonly subject: string
  readonly detail: string
}

export interface Certificate {
  readonly host_uuid: string
  readonly ground: string
  readonly issued_at: string
  readonly epoch: number
  readonly evidence: readonly string[]
}

export interface Evidence {
  readonly death_certificate: Certificate | null
  readonly evidence: readonly JournalLine[]
}

export interface Command {
  readonly kind: string
  readonly operator: string
  readonly reason: string
  readonly given_at: string
}

export interface Commands {
  readonly commands: readonly Command[]
  readonly possible: readonly string[]
}

export interface LiveEvent {
  readonly id: string
  readonly type: string
  readonly data: Readonly<Record<string, unknown>>
}

/** A stretch of time on the timeline; without an end while it lasts. */
export interface Bar {
  readonly from: number
  readonly to: number | null
  readonly tone: BarTone
  readonly text: string
}

export type BarTone = 'plain' | 'good' | 'bad' | 'waiting' | 'running'

/** One line of the timeline. */
export interface Lane {
  readonly label: string
  readonly bars: readonly Bar[]
}
