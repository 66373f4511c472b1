/** The verbs of a running cloud, on a real gateway behind a Keystone: what they print, change and refuse. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { notificationId } from '../../../schema/ids.ts'
import { command } from '../../support/command.ts'
import { textAt } from '../../support/gateway.ts'
import { startOperatedCloud } from '../../support/operated-cloud.ts'
import { CREDENTIAL } from '../../../ops/simulated-cloud/http-keystone.ts'
import { temporaryDirectory } from '../../support/process.ts'

test.serial('segments are made, listed, shown, changed and deleted by their names', async (t) => {
  await using at = await startOperatedCloud()
  t.is((await at.run('segment', 'list')).out, 'There is no segment.\n')
  const made = await at.run('segment', 'create', 'zone-a', 'auto', '--description', 'Rack 1')
  t.is(made.status, 0, made.err)
  t.regex(made.out, /^name +zone-a$/m)
  t.regex(
    (await at.run('segment', 'list')).out,
    /^name +uuid +recovery method .*\nzone-a +[0-9a-f-]{36} +auto +yes /,
  )
  const changed = await at.run('segment', 'set', 'zone-a', '--enabled', 'no', '--json')
  t.like(JSON.parse(changed.out), { name: 'zone-a', enabled: false })
  t.regex(
    (await at.run('segment', 'show', 'zone-b')).err,
    /there is no segment zone-b; did you mean zone-a\?/,
  )
  t.like(await at.run('segment', 'set', 'zone-a'), { status: 2 })
  t.is((await at.run('segment', 'delete', 'zone-a')).out, 'deleted the segment zone-a\n')
  t.is((await at.run('segment', 'list', '--json')).out, '[]\n')
})

test.serial(
  'hosts are registered with settings from a file, and never show their passwords',
  async (t) => {
    await using at = await startOperatedCloud()
    await using directory = await temporaryDirectory('hosts')
    const file = join(directory.path, 'host.json')
    await writeFile(
      file,
      '{"ipmi": {"host": "10.0.0.3", "username": "ha", "password": "bmc-s3cret"}}',
    )
    await at.run('segment', 'create', 'zone-a', 'auto')
    const made = await at.run('host', 'create', 'zone-a', 'compute-1', '--control-attributes', file)
    t.is(made.status, 0, made.err)
    t.regex(made.out, /^name +compute-1$/m)
    t.notRegex(made.out, /bmc-s3cret/)
    await at.run('host', 'set', 'compute-1', '--maintenance', 'yes')
    t.regex(
      (await at.run('host', 'list')).out,
      /^compute-1 +zone-a +unknown +no +an operator has put it/m,
    )
    t.regex((await at.run('host', 'show', 'compute-1')).out, /^released by +an operator, with/m)
    t.regex(
      (await at.run('host', 'show', 'compute-9')).err,
      /there is no host compute-9 in any segment/,
    )
    const plan = await at.run('plan', 'compute-1')
    t.regex(
      plan.out,
      /^If compute-1 died now, it would be fenced, and its instances would be moved\.$/m,
    )
    t.regex(plan.out, /^vm-b +wait +- +no room +b$/m)
    await writeFile(file, '{"password": "bmc-s3cret"')
    const broken = await at.run('host', 'set', 'compute-1', '--control-attributes', file)
    t.is(broken.status, 2)
    t.regex(broken.err, /must hold one JSON object/)
    t.notRegex(broken.err, /s3cret/)
    t.is((await at.run('host', 'delete', 'compute-1')).status, 0)
  },
)

test.serial(
  'a recovery is listed with the name of its host, and commanded with a reason',
  async (t) => {
    await using at = await startOperatedCloud()
    const { gateway, run } = at
    await run('segment', 'create', 'rack-1', 'auto')
    await using directory = await temporaryDirectory('hosts')
    const file = join(directory.path, 'host.json')
    await writeFile(file, '{"ssh": {"host": "10.0.0.3", "username": "ha"}}')
    const made = await run('host', 'create', 'rack-1', 'compute-1', '--control-attributes', file)
    t.is(made.status, 0, made.err)
    t.regex(
      (await run('pause', 'compute-1', '--reason', 'so')).err,
      /no recovery of compute-1 that pause could be about/,
    )
    const payload = '{"event": "STOPPED", "host_status": "NORMAL", "cluster_status": "OFFLINE"}'
    const time = new Date(gateway.clock.wallMs()).toISOString().replace(/Z$/, '')
    const reported = await run(
      'notification',
      'create',
      'COMPUTE_HOST',
      'compute-1',
      '--payload',
      payload,
      '--time',
      time,
      '--json',
    )
    t.is(reported.status, 0, reported.err)
    const uuid = textAt(JSON.parse(reported.out), 'notification_uuid')
    t.regex(
      (await run('notification', 'list')).out,
      new RegExp(`COMPUTE_HOST +compute-1 +new +- +${uuid}`),
    )
    t.regex((await run('notification', 'show', 'compute-1')).out, /^host +compute-1$/m)
    t.regex(
      (await run('notification', 'evidence', uuid)).out,
      /^There is no death certificate\.\nNothing is written yet\.$/m,
    )
    t.is((await run('move', 'list', 'compute-1')).out, 'There is no such move.\n')

    const paused = await run('pause', 'compute-1', '--reason', 'switch work')
    t.is(paused.err, '')
    t.is(paused.out, `pause is given about compute-1, recovery ${uuid}\n`)
    t.like((await gateway.store.listCommands(notificationId(uuid)))[0], {
      kind: 'pause',
      reason: 'switch work',
      operator: 'user-admin',
    })
    t.deepEqual(gateway.commandsGiven, [notificationId(uuid)])
    const again = await run('pause', 'compute-1', '--reason', 'so')
    t.is(again.status, 1)
    t.regex(again.err, /^instance-ha: .*it is paused already; possible now: .*resume/)
    t.is((await run('resume', uuid, '--reason', 'done')).status, 0)
    t.is((await run('stop', '--reason', 'all of it')).out, 'stop is given about all recoveries\n')
    t.is((await run('release', '--reason', 'go on')).status, 0)
    t.regex((await run('command', 'list', 'compute-1')).out, /pause +user-admin +switch work/)
    t.regex((await run('command', 'list')).out, /stop +user-admin +all of it/)
    const unreasoned = await run('cancel', 'compute-1')
    t.like(unreasoned, { status: 2, out: '' })
    t.regex(unreasoned.err, /--reason TEXT is missing/)
  },
)

test.serial(
  'the policy of a segment is shown and changed, all choices together or none',
  async (t) => {
    await using at = await startOperatedCloud()
    await at.run('segment', 'create', 'zone-a', 'auto')
    t.regex((await at.run('policy', 'zone-a')).out, /^return=operator {2}\(default\)$/m)
    const changed = await at.run('policy', 'zone-a', 'return=automatic', 'fence=operator:60')
    t.regex(changed.out, /^fence=operator:60\n/m)
    t.regex(changed.out, /^return=automatic$/m)
    const refused = await at.run('policy', 'zone-a', 'trust_reports=yes', 'fence=never')
    t.is(refused.status, 2)
    t.regex(refused.err, /fence=never/)
    t.regex((await at.run('policy', 'zone-a')).out, /^trust_reports=no {2}\(default\)$/m)
    t.like(JSON.parse((await at.run('policy', 'zone-a', '--json')).out), {
      chosen: { return_to_service: 'automatic' },
    })
  },
)

test.serial('all three ways to log in work, also from clouds.yaml', async (t) => {
  await using at = await startOperatedCloud()
  const { OS_AUTH_URL, OS_PROJECT_NAME } = at.admin
  const token = { OS_AUTH_URL, OS_PROJECT_NAME, OS_TOKEN: at.keystone.issue('admin') }
  t.like(await command(['segment', 'list'], token), { status: 0 })
  const credential = {
    OS_AUTH_URL,
    OS_APPLICATION_CREDENTIAL_ID: CREDENTIAL.id,
    OS_APPLICATION_CREDENTIAL_SECRET: CREDENTIAL.secret,
  }
  t.like(await command(['segment', 'list'], credential), { status: 0 })
  await using directory = await temporaryDirectory('clouds')
  const file = join(directory.path, 'clouds.yaml')
  const auth = {
    auth_url: OS_AUTH_URL,
    application_credential_name: CREDENTIAL.name,
    username: 'ha',
    application_credential_secret: CREDENTIAL.secret,
  }
  await writeFile(
    file,
    JSON.stringify({
      clouds: { west: { auth, auth_type: 'v3applicationcredential', region_name: 'one' } },
    }),
  )
  t.like(
    await command(['--os-cloud', 'west', 'segment', 'list'], { OS_CLIENT_CONFIG_FILE: file }),
    { status: 2 },
  )
  t.like(
    await command(['segment', 'list', '--os-cloud', 'west'], { OS_CLIENT_CONFIG_FILE: file }),
    { status: 0 },
  )
  const fixed = {
    OS_AUTH_TYPE: 'admin_token',
    OS_TOKEN: at.keystone.issue('admin'),
    OS_ENDPOINT: at.url,
  }
  t.like(await command(['segment', 'list'], fixed), { status: 0 })
})

test.serial(
  'what fails is one sentence that says what to mend, and never has the secret',
  async (t) => {
    await using at = await startOperatedCloud()
    const failing = async (variables: Readonly<Record<string, string>>, status: number) => {
      const said = await command(['segment', 'list'], { ...at.admin, ...variables })
      t.like(said, { status, out: '' })
      t.regex(said.err, /^instance-ha: [^\n]+\n$/)
      t.notRegex(said.err, /p4ssw0rd|unmistakable-token/)
      return said.err
    }
    t.regex(
      await failing({ OS_PASSWORD: 'wrong' }, 1),
      /does not accept the password of ha .*check the name/,
    )
    const old = at.keystone.issue('admin')
    at.keystone.revoke(old)
    t.regex(
      await failing({ OS_TOKEN: old, OS_AUTH_TYPE: 'v3token' }, 1),
      /does not accept the token .*has expired: issue a new one/,
    )
    t.regex(
      await failing({ OS_REGION_NAME: 'two' }, 2),
      /no public endpoint of instance-ha in region two: it has only public in one/,
    )
    t.regex(await failing({ OS_INTERFACE: 'internal' }, 2), /no internal endpoint/)
    t.regex(
      await failing({ OS_AUTH_URL: 'http://127.0.0.1:9/v3' }, 1),
      /Keystone cannot be reached at http:\/\/127\.0\.0\.1:9\/v3 .*check auth_url/,
    )
    const sent = { OS_AUTH_TYPE: 'admin_token', OS_ENDPOINT: at.url, OS_TOKEN: old }
    t.regex(
      await failing(sent, 1),
      /does not accept the token: it is wrong or has expired; log in again/,
    )
    t.regex(
      await failing({ ...sent, OS_ENDPOINT: 'http://127.0.0.1:9' }, 1),
      /API cannot be reached at http:\/\/127\.0\.0\.1:9\/v1 /,
    )
    const member = {
      OS_AUTH_TYPE: 'admin_token',
      OS_ENDPOINT: at.url,
      OS_TOKEN: at.keystone.issue('member'),
    }
    const forbidden = await command(['stop', '--reason', 'so'], member)
    t.is(forbidden.status, 1)
    t.regex(forbidden.err, /^instance-ha: Policy .*usually admin\n$/)
    t.deepEqual(at.gateway.commandsGiven, [])
  },
)
