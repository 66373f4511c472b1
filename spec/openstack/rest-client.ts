/** Our REST API as an operator's script uses it. */
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'

const Notification = Type.Object({
  notification_uuid: Type.String(),
  type: Type.String(),
  status: Type.String(),
  message: Type.Union([Type.String(), Type.Null()]),
  source_host_uuid: Type.String(),
})
/** The fields of a notification that these specs read. */
export type Notification = Static<typeof Notification>
const Move = Type.Object({
  instance_uuid: Type.String(),
  status: Type.String(),
  dest_host: Type.Union([Type.String(), Type.Null()]),
})
/** The fields of a move that these specs read. */
export type Move = Static<typeof Move>

const Created = Type.Object({ segment: Type.Object({ uuid: Type.String() }) })
const Accepted = Compile(Type.Object({ notification: Notification }))
const Notifications = Compile(Type.Object({ notifications: Type.Array(Notification) }))
const Hosts = Compile(
  Type.Object({ hosts: Type.Array(Type.Object({ uuid: Type.String(), name: Type.String() })) }),
)
const Segments = Compile(
  Type.Object({ segments: Type.Array(Type.Object({ uuid: Type.String() })) }),
)
const Line = Type.Object({
  at: Type.String(),
  kind: Type.String(),
  step: Type.String(),
  subject: Type.String(),
  detail: Type.String(),
})
const Journal = Compile(Type.Object({ evidence: Type.Array(Line) }))
const Moves = Compile(Type.Object({ vmoves: Type.Array(Move) }))
const Segment = Compile(Created)

export class RestClient {
  readonly #url: string
  readonly token: string

  constructor(url: string, token: string) {
    this.#url = url
    this.token = token
  }

  request(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.#send(method, `/v1${path}`, body)
  }

  /** Reads a path outside of `/v1`. */
  get(path: string): Promise<unknown> {
    return this.#send('GET', path)
  }

  async #send(method: string, path: string, body?: unknown, version = '1.3'): Promise<unknown> {
    const answer = await fetch(this.#url + path, {
      method,
      headers: {
        'Content-Type': 'application/json',
        'X-Auth-Token': this.token,
        'OpenStack-API-Version': `instance-ha ${version}`,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }

  /** The uuids of a registered host and of its segment. */
  async hostNamed(name: string): Promise<{ readonly uuid: string; readonly segment: string }> {
    const { segments } = Segments.Parse(await this.request('GET', '/segments'))
    for (const { uuid: segment } of segments) {
      const { hosts } = Hosts.Parse(await this.request('GET', `/segments/${segment}/hosts`))
      const found = hosts.find((host) => host.name === name)
      if (found !== undefined) return { uuid: found.uuid, segment }
    }
    throw new Error(`${name} is not registered`)
  }

  /** Makes a segment of these hosts. */
  async register(name: string, hosts: ReadonlyMap<string, string>): Promise<void> {
    const segment = { name, recovery_method: 'auto', service_type: 'COMPUTE' }
    const { segment: created } = Segment.Parse(await this.request('POST', '/segments', { segment }))
    for (const [host, attributes] of hosts) {
      await this.request('POST', `/segments/${created.uuid}/hosts`, {
        host: { name: host, type: 'COMPUTE', control_attributes: attributes },
      })
    }
  }

  /** Reports a host as certainly down. */
  async reportHostDown(hostname: string): Promise<Notification> {
    const notification = {
      type: 'COMPUTE_HOST',
      hostname,
      generated_time: new Date().toISOString().replace('Z', ''),
      payload: { event: 'STOPPED', cluster_status: 'OFFLINE', host_status: 'NORMAL' },
    }
    return Accepted.Parse(await this.request('POST', '/notifications', { notification }))
      .notification
  }

  /** An operator returns a host to service after its repair. */
  async release(name: string): Promise<void> {
    const { segments } = Segments.Parse(await this.request('GET', '/segments'))
    for (const { uuid: segment } of segments) {
      const path = `/segments/${segment}/hosts`
      const { hosts } = Hosts.Parse(await this.request('GET', path))
      const host = hosts.find((each) => each.name === name)
      if (host === undefined) continue
      await this.request('PUT', `${path}/${host.uuid}`, { host: { on_maintenance: false } })
    }
  }

  /** The journal of a recovery, one text for each line. */
  async journal(notification: string): Promise<readonly string[]> {
    const path = `/v1/notifications/${notification}/evidence`
    const { evidence } = Journal.Parse(await this.#send('GET', path, undefined, '1.4'))
    return evidence.map(({ at, kind, step, subject, detail }) =>
      [at, kind, step, subject, detail].join(' '),
    )
  }

  async notifications(): Promise<readonly Notification[]> {
    return Notifications.Parse(await this.request('GET', '/notifications')).notifications
  }

  async moves(notification: string): Promise<readonly Move[]> {
    return Moves.Parse(await this.request('GET', `/notifications/${notification}/vmoves`)).vmoves
  }
}
