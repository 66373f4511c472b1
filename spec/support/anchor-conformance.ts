/** What every AnchorPort promises: registers the tests for one kind. */
import type { TestFn } from 'ava'
import type { AnchorPort } from '../../actors/ports/anchors.ts'

/** A port, and the network between it and its anchors. */
export interface AnchorWorld extends AsyncDisposable {
  readonly anchors: AnchorPort
  /** No anchor is reached from now on. */
  cut(): Promise<void>
  mend(): Promise<void>
}

/** Registers the tests. */
export function anchorConformance(test: TestFn, open: () => Promise<AnchorWorld>): void {
  test('anchors are reached until the network is cut, and again after it is mended', async (t) => {
    await using world = await open()
    t.is(await world.anchors.unreached(), undefined)
    await world.cut()
    t.regex(
      (await world.anchors.unreached()) ?? '',
      /^this observer reaches none of its anchors: \S+:\d+/,
    )
    await world.mend()
    t.is(await world.anchors.unreached(), undefined)
  })
}
