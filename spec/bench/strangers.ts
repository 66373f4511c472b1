/**
 * The memory that observations of invented hosts by invented observers leave in a process with all
 * roles.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { encode } from '../../schema/messages/codec.ts'
import { configOf } from './config.ts'
import { startEmbedded } from './embedded-product.ts'
import type { Figure } from './figure.ts'

const HOSTS = 70_000
const AT_ONCE = 500

/** The heap after a full collection, which only this measurement forces. */
function heapMb(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
  return process.memoryUsage().heapUsed / 1024 / 1024
}

/** Sent once. The engine and the gateway of the same process receive them. */
export async function measureStrangers(): Promise<readonly Figure[]> {
  const config = configOf('[api]\nlisten_port = 0\n', 'embedded')
  const size = { segments: 1, hostsPerSegment: 10, instances: 0 }
  const { bus, node, end } = await startEmbedded(config, size)
  await sleep(3000)
  const before = heapMb()
  const from = {
    cloud: config.bus.cloud,
    node: 'x',
    incarnation: 'i',
    epoch: null,
    sentAt: 0,
  }
  for (let number = 0; number < HOSTS; number += 1) {
    const { subject, body } = encode(
      'host.observed',
      {
        host: `invented-${number}`,
        hostName: `invented-${number}`,
        segment: 's',
        observer: `invented-${number}`,
        state: number % 2 === 0 ? 'alive' : 'dead',
        evidence: ['x'.repeat(1000)],
      },
      { ...from, id: `m${number}`, sequence: number },
    )
    bus.publish(subject, body)
    if (number % AT_ONCE === 0) await sleep(1)
  }
  await sleep(3000)
  const grownMb = heapMb() - before
  const counted = node.strangers()
  await end()
  return [
    {
      what: `heap kept after observations of ${HOSTS} invented hosts`,
      value: grownMb,
      unit: 'MB',
      target: { kind: 'at-most', value: 10 },
      remark: `${counted} were counted; ${before.toFixed(0)} MB before`,
    },
  ]
}
