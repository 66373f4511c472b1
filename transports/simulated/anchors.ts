/** The anchors of one process of ours: they answer while its wire to them is not cut. */
import type { AnchorPort } from '../../actors/ports/anchors.ts'
import type { Faults } from './faults.ts'

export const simulatedAnchors = (faults: Faults, node: string): AnchorPort => ({
  unreached: async () =>
    faults.isCut(node, 'anchors')
      ? 'this observer reaches none of its anchors: router.example:22'
      : undefined,
})
