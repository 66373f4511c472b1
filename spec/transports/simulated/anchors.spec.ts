/** The anchors of a simulated process. */
import test from 'ava'
import { anchorConformance } from '../../support/anchor-conformance.ts'
import { buildWorld } from './world.ts'

anchorConformance(test, async () => {
  const { cloud } = buildWorld()
  return {
    anchors: cloud.viewFor('monitor-1').anchors,
    cut: async () => cloud.cutWire('monitor-1', 'anchors'),
    mend: async () => cloud.mendWire('monitor-1', 'anchors'),
    async [Symbol.asyncDispose]() {},
  }
})
