/** Tests on a real cloud: the cloud is checked before the first one, and a failure shows its first cause. */
import test, { type ExecutionContext, type TestFn } from 'ava'
import { withFirstCause } from '../support/first-cause.ts'
import { requireCloud, type CloudNeeds } from './preflight.ts'

type Body = (t: ExecutionContext) => void | Promise<void>

/** Checks the cloud, and returns what registers tests on it. */
export function onCloud(needs: CloudNeeds): {
  readonly serial: (title: string, body: Body) => void
} {
  test.before('the cloud has everything that is needed', async () => requireCloud(needs))
  return {
    serial: (title, body) =>
      test.serial(title, (t) =>
        withFirstCause(
          async () => body(t),
          (line) => t.log(line),
        ),
      ),
  }
}

/** The same for a conformance spec, which registers its tests with `serial` only. */
export const conformingOnCloud = (needs: CloudNeeds): TestFn =>
  Object.assign(Object.create(test), onCloud(needs)) as TestFn // safe: only `serial` differs
