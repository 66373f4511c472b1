/**
 * Prints what the bus reports about one host (its state, its fence, the moves, and the end of the
 * recovery), and about a guest of another host that hangs.
 */
import { styleText } from 'node:util'
import { MultiBar, Presets, type SingleBar } from 'cli-progress'
import { GRACE_MS } from '../../actors/guest-follower/finish-line.ts'
import type { BusPort } from '../../actors/ports/bus.ts'
import type { Received, WireBody } from '../../schema/messages/catalogue.ts'
import { decode, subjectOf } from '../../schema/messages/codec.ts'

/** The statuses with which a recovery ends. */
const ENDS = ['finished', 'failed', 'ignored'] as const

const endOf = (step: string): (typeof ENDS)[number] | undefined =>
  ENDS.find((status) => status === step)

/** How a recovery has ended. */
interface End {
  readonly status: string
  readonly reason: string
}

export class Narrator implements AsyncDisposable {
  /** Resolves with the status and the reason when the recovery of the host has ended. */
  readonly ended: Promise<End>
  /** The same of the guest that hangs. */
  readonly guestEnded: Promise<End>
  /** Resolves when every guest of the host was followed to its end, with how many of them are back. */
  readonly guestsFollowed: Promise<number>
  readonly #startedAtMs = performance.now()
  readonly #bars = new MultiBar(
    {
      format: `  {bar} {value}/{total} instances moved   {last}`,
      barsize: 32,
      hideCursor: true,
      gracefulExit: false,
      clearOnComplete: false,
    },
    Presets.shades_classic,
  )
  readonly #host: string
  /** The host whose guest hangs. */
  readonly #guestHost: string
  readonly #listening: AsyncDisposable
  readonly #resolve: (end: End) => void
  readonly #resolveGuest: (end: End) => void
  readonly #resolveFollowed: (back: number) => void
  /** Instances of the host that are moved, and of these the ones whose guests were followed to their end. */
  readonly #moved = new Set<string>()
  readonly #followed = new Set<string>()
  #back = 0
  #isEnded = false
  #diedAtMs = 0
  #bar: SingleBar | undefined
  #state = 'alive'

  constructor(
    bus: BusPort,
    cloud: string,
    hosts: { readonly dies: string; readonly hasHungGuest: string },
  ) {
    const host = Promise.withResolvers<End>()
    this.ended = host.promise
    this.#resolve = host.resolve
    const guest = Promise.withResolvers<End>()
    this.guestEnded = guest.promise
    this.#resolveGuest = guest.resolve
    const followed = Promise.withResolvers<number>()
    this.guestsFollowed = followed.promise
    this.#resolveFollowed = followed.resolve
    this.#host = hosts.dies
    this.#guestHost = hosts.hasHungGuest
    this.#listening = bus.subscribe(subjectOf(cloud, '>'), (message) => this.#hear(decode(message)))
  }

  /** Prints one line with the time since the start. */
  say(text: string): void {
    const seconds = ((performance.now() - this.#startedAtMs) / 1000).toFixed(1).padStart(5)
    const line = `${styleText('dim', `${seconds} s`)}  ${text}\n`
    if (this.#bar !== undefined && process.stdout.isTTY) this.#bars.log(line)
    else process.stdout.write(line)
  }

  /** The host has lost its power, now. */
  hostDies(): void {
    this.#diedAtMs = performance.now()
  }

  /** Seconds since the host has lost its power. */
  sinceDeath(): string {
    return ((performance.now() - this.#diedAtMs) / 1000).toFixed(1)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#bars.stop()
    await this.#listening[Symbol.asyncDispose]()
  }

  #hear(message: Received): void {
    if (message.type === 'leader.proclaimed') {
      this.say(`${message.body.holder} leads, epoch ${message.body.epoch}`)
    } else if (message.type === 'host.observed') this.#onObserved(message.body)
    else if (message.type === 'recovery.stepped') this.#onStep(message.body)
    else if (message.type === 'move.stepped') this.#onMove(message.body)
    else if (message.type === 'guest.followed') this.#onGuest(message.body)
  }

  #onObserved({ hostName, state, evidence }: WireBody<'host.observed'>): void {
    if (hostName !== this.#host || state === this.#state) return
    this.#state = state
    if (state !== 'suspect' && state !== 'dead') return
    const colour = state === 'dead' ? 'red' : 'yellow'
    this.say(`${hostName} is ${styleText(colour, state)}`)
    for (const sentence of evidence) this.say(styleText('dim', `    ${sentence}`))
  }

  #onStep({ host, step, reason, evidence }: WireBody<'recovery.stepped'>): void {
    if (host === this.#guestHost) this.#onGuestStep({ step, reason })
    if (host !== this.#host) return
    const end = endOf(step)
    if (end !== undefined) this.#endBar()
    this.say(`${STEPS[step] ?? step}: ${reason}`)
    if (step === 'fenced') this.say(styleText('dim', `    ${evidence.at(-1) ?? ''}`))
    if (end === undefined) return
    this.#resolve({ status: end, reason })
    this.#isEnded = true
    this.#lookAtGuests()
  }

  #onGuestStep({ step, reason }: Pick<WireBody<'recovery.stepped'>, 'step' | 'reason'>): void {
    this.say(`guest of ${this.#guestHost}, ${STEPS[step] ?? step}: ${reason}`)
    const end = endOf(step)
    if (end !== undefined) this.#resolveGuest({ status: end, reason })
  }

  /** The bar stays on the screen, and the next lines follow below it. */
  #endBar(): void {
    this.#bars.stop()
    this.#bar = undefined
  }

  #onGuest(body: WireBody<'guest.followed'>): void {
    const { instance, instanceName, host, state, reason, back } = body
    this.#followed.add(instance)
    const told = { agent: 'answers', running: `has run for ${GRACE_MS / 1000} s` }
    this.say(
      state === 'agent' || state === 'running'
        ? `    guest of ${instanceName} ${told[state]} on ${host}, ${this.sinceDeath()} s after the power loss`
        : `    guest of ${instanceName}: ${reason}`,
    )
    this.#back = back
    this.#lookAtGuests()
  }

  #lookAtGuests(): void {
    if (this.#isEnded && this.#followed.size >= this.#moved.size) this.#resolveFollowed(this.#back)
  }

  #onMove(move: WireBody<'move.stepped'>): void {
    const { instance, instanceName, status, dest, done, total, reason } = move
    if (status === 'succeeded') this.#moved.add(instance)
    const last =
      status === 'succeeded' ? `${instanceName} → ${dest}` : `${instanceName}: ${status}, ${reason}`
    if (!process.stdout.isTTY) {
      if (status !== 'ongoing') this.say(`    ${done}/${total} instances moved   ${last}`)
      return
    }
    this.#bar ??= this.#bars.create(total, 0, { last: '' })
    this.#bar.setTotal(total)
    this.#bar.update(done, { last })
  }
}

/** What each step is called in the output. */
const STEPS: Readonly<Partial<Record<WireBody<'recovery.stepped'>['step'], string>>> = {
  running: 'recovery starts',
  fenced: styleText('green', 'fenced, certainly dead'),
  isolated: 'isolated',
  planned: 'planned',
  held: 'held back',
  waiting: 'waits',
  finished: styleText('green', 'recovered'),
  failed: styleText('red', 'failed'),
}
