/**
 * Prints what the bus reports about one host (its state, its fence, the moves, and the end of the
 * recovery), and about a guest of another host that hangs.
 */
import { styleText } from 'node:util'
import { MultiBar, Presets, type SingleBar } from 'cli-progress'
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
  /** The same of the guest. */
  readonly guestEnded: Promise<End>
  readonly #startedAtMs = performance.now()
  readonly #bars = new MultiBar(
    {
      format: `  {bar} {value}/{total} instances back   {last}`,
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
    this.#host = hosts.dies
    this.#guestHost = hosts.hasHungGuest
    this.#listening = bus.subscribe(subjectOf(cloud, '>'), ({ body }) => this.#hear(decode(body)))
  }

  /** Prints one line with the time since the start. */
  say(text: string): void {
    const seconds = ((performance.now() - this.#startedAtMs) / 1000).toFixed(1).padStart(5)
    const line = `${styleText('dim', `${seconds} s`)}  ${text}\n`
    if (this.#bar !== undefined && process.stdout.isTTY) this.#bars.log(line)
    else process.stdout.write(line)
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
    if (end !== undefined) this.#resolve({ status: end, reason })
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

  #onMove({ instanceName, status, dest, done, total, reason }: WireBody<'move.stepped'>): void {
    const last =
      status === 'succeeded' ? `${instanceName} → ${dest}` : `${instanceName}: ${status}, ${reason}`
    if (!process.stdout.isTTY) {
      if (status !== 'ongoing') this.say(`    ${done}/${total} instances back   ${last}`)
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
