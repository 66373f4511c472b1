/** What the hypervisor says about a guest, through Nova. */
import { Type, type Static } from 'typebox'
import type { GuestDiagnostics } from '../../actors/ports/compute.ts'
import { answerDecoder } from './answer-decoder.ts'

/** Drivers leave out values that they do not know. */
const Counter = Type.Union([Type.Integer(), Type.Null()])

const Diagnostics = Type.Object({
  state: Type.String(),
  nic_details: Type.Array(Type.Object({ tx_packets: Type.Optional(Counter) })),
  disk_details: Type.Array(Type.Object({ write_requests: Type.Optional(Counter) })),
})

/** Needs microversion 2.48 or later. */
export const decodeDiagnostics = answerDecoder(Diagnostics, 'COMPUTE_UNAVAILABLE')

/** The port's record of Nova's diagnostics. */
export const diagnosticsOf = (answer: Static<typeof Diagnostics>): GuestDiagnostics => ({
  state: answer.state,
  packetsSent: sum(answer.nic_details.map(({ tx_packets }) => tx_packets)),
  writesDone: sum(answer.disk_details.map(({ write_requests }) => write_requests)),
})

const sum = (counters: readonly (number | null | undefined)[]): number =>
  counters.reduce<number>((total, counter) => total + (counter ?? 0), 0)
