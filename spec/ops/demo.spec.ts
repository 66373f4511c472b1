/** The demonstration for newcomers: a host dies, a guest hangs, and the whole story is shown. */
import test from 'ava'
import { runProduct } from '../support/product.ts'

test('the demonstration shows a host die and a guest hang, and all guests are back soon', async (t) => {
  const args = ['run', '--port', '0', '--exit-after-recovery']
  const { status, stdout, stderr } = await runProduct(...args)
  t.is(status, 0, stdout + stderr)
  t.is(stderr.trim(), '')
  const address = /REST API\s+http:\/\/127\.0\.0\.1:(\d+)\/v1\/segments/.exec(stdout)?.[1]
  t.true(Number(address) > 0, 'the address that it really has')
  const story = [
    /leads, epoch 1/,
    /vm-\d+ on compute-10 hangs/,
    /compute-03 loses its power, \d+ instances stop/,
    /compute-03 is suspect\n.*ssh silent/,
    /compute-03 is dead\n(.*\n)*.*chassis power is off/,
    /recovery starts/,
    /fenced, certainly dead: .*\n.*the BMC read its power as off/,
    /isolated: the compute service is disabled and forced down/,
    /planned: \d+ instances/,
    / 1\/\d+ instances moved {3}vm-\d+ → compute-\d+/,
    /recovered: \d+ instances moved, 0 failed, 0 ignored/,
    /all \d+ instances are moved, \d+\.\d s after the power loss; their guests boot/,
    /guest of vm-\d+ answers on compute-\d+, \d+\.\d s after the power loss/,
    /all \d+ guests are back, the last one \d+\.\d s after the power loss/,
  ]
  t.regex(stdout, /guest of compute-10, recovery starts: the guest will be restarted/)
  t.regex(stdout, /guest of compute-10, recovered: the instance runs again/)
  let from = 0
  for (const chapter of story) {
    const found = chapter.exec(stdout.slice(from))
    t.truthy(found, `${String(chapter)} does not follow in:\n${stdout}`)
    from += found?.index ?? 0
  }
})
