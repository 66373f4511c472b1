/**
 * What operators order and do while things break, right or wrong. Whatever they forbid, they allow
 * again later.
 */
import { draw } from '../../transports/simulated/random.ts'
import { pick, type FaultGenerator } from './fault-generator.ts'

export const OPERATOR_FAULTS = {
  'operator-pauses': ({ random, dying }, atMs) => [
    { atMs, act: { do: 'command', host: pick(random, dying), command: 'pause' } },
    { atMs: atMs + draw(random, [5000, 120_000]), act: { do: 'resume-all' } },
  ],
  'operator-cancels': ({ random, dying }, atMs) => [
    { atMs, act: { do: 'command', host: pick(random, dying), command: 'cancel' } },
  ],
  'operator-changes-his-mind': ({ random, dying }, atMs) => {
    const host = pick(random, dying)
    const command = pick(random, ['retry', 'let-back'] as const)
    return [
      { atMs, act: { do: 'command', host, command: 'cancel' } },
      { atMs: atMs + draw(random, [1000, 120_000]), act: { do: 'command', host, command } },
    ]
  },
  'operator-stops-all': ({ random }, atMs) => [
    { atMs, act: { do: 'command-all', command: 'stop' } },
    { atMs: atMs + draw(random, [1000, 90_000]), act: { do: 'command-all', command: 'release' } },
  ],
  'operator-disables': ({ random, dying, spares }, atMs) => {
    const host = pick(random, dying)
    // The service of a spare is disabled as long as it is a spare.
    if (spares.includes(host)) return []
    return [
      { atMs, act: { do: 'keep-away', host } },
      { atMs: atMs + draw(random, [30_000, 120_000]), act: { do: 'power-on', host } },
    ]
  },
  'operator-approves': ({ random, dying }, atMs) => [
    { atMs, act: { do: 'command', host: pick(random, dying), command: 'approve' } },
  ],
  'operator-retries': (_targets, atMs) => [
    { atMs, act: { do: 'command-latest', command: 'retry' } },
  ],
  /** For the latest notification, which may be about a guest. */
  'operator-cancels-latest': (_targets, atMs) => [
    { atMs, act: { do: 'command-latest', command: 'cancel' } },
  ],
} as const satisfies Readonly<Record<string, FaultGenerator>>
