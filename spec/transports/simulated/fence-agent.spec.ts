/** Simulated fence agents and commands pass the suite of the real ones. */
import test from 'ava'
import { fenceAgentConformance } from '../../support/fence-agent-conformance.ts'
import { buildRunawayCloud } from './world.ts'

const { cloud, nextHost } = buildRunawayCloud()

fenceAgentConformance(test, async (kind) => {
  const { name: host } = nextHost()
  return {
    port: cloud.viewFor('engine-1').fenceAgent,
    program: { kind, name: 'fence_outlet', host, options: new Map(), timeoutMs: 20_000 },
    async setMood(mood) {
      if (kind === 'agent') cloud.setOutlet(host, mood)
      else cloud.setBlocklist(host, mood)
    },
    async [Symbol.asyncDispose]() {},
  }
})
