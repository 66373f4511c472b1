/** The command against a cloud that speaks TLS: what clouds.yaml says of certificates is honoured. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { makeAuthority } from '../../support/certificates.ts'
import { command } from '../../support/command.ts'
import { startOperatedCloud } from '../../support/operated-cloud.ts'
import { temporaryDirectory } from '../../support/process.ts'

/** A cloud with a certificate for this name, and the command with these settings of clouds.yaml. */
async function site(alternative: string) {
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(await temporaryDirectory('cloud-tls'))
  const [ours, foreign] = ['ca', 'other'].map((name) => makeAuthority(directory.path, name))
  if (ours === undefined || foreign === undefined) throw new Error('no authority')
  const cloud = stack.use(await startOperatedCloud(await ours.issue('cloud', alternative)))
  const file = join(directory.path, 'clouds.yaml')
  const { OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_PROJECT_NAME } = cloud.admin
  const parts = stack.move()
  return {
    ca: ours.ca,
    foreignCa: foreign.ca,
    bytesToKeystone: cloud.bytesToKeystone,
    async list(...settings: readonly string[]) {
      const auth =
        `auth: {auth_url: "${OS_AUTH_URL}", username: "${OS_USERNAME}", password: "${OS_PASSWORD}", ` +
        `project_name: "${OS_PROJECT_NAME}"}`
      const lines = [auth, ...settings].map((line) => `    ${line}\n`).join('')
      await writeFile(file, `clouds:\n  west:\n${lines}`, { mode: 0o600 })
      return command(['segment', 'list', '--os-cloud', 'west'], { OS_CLIENT_CONFIG_FILE: file })
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

test.serial('Keystone and gateway are believed with the authority of clouds.yaml', async (t) => {
  await using at = await site('IP:127.0.0.1')
  t.like(await at.list(`cacert: ${at.ca}`), { status: 0, out: 'There is no segment.\n', err: '' })
  t.true(at.bytesToKeystone() > 0)
})

test.serial('without it, or with another one, nothing is sent', async (t) => {
  await using at = await site('IP:127.0.0.1')
  for (const settings of [[], [`cacert: ${at.foreignCa}`], ['verify: true']]) {
    const { status, out, err } = await at.list(...settings)
    t.is(status, 1, err)
    t.is(out, '')
    t.regex(err, /certificate/)
  }
  t.is(at.bytesToKeystone(), 0)
})

test.serial('a certificate for another name is refused', async (t) => {
  await using at = await site('DNS:elsewhere.example')
  const { status, err } = await at.list(`cacert: ${at.ca}`)
  t.is(status, 1, err)
  t.regex(err, /certificate|altnames/i)
  t.is(at.bytesToKeystone(), 0)
})

for (const setting of ['verify: false', 'insecure: true']) {
  test.serial(`with ${setting}, any certificate is taken`, async (t) => {
    await using at = await site('DNS:elsewhere.example')
    t.like(await at.list(setting), { status: 0, out: 'There is no segment.\n' })
  })
}

test.serial('an authority that cannot be read is named, and nothing is sent', async (t) => {
  await using at = await site('IP:127.0.0.1')
  const { status, err } = await at.list('cacert: absent.pem')
  t.is(status, 2, err)
  t.regex(err, /absent\.pem/)
  t.is(at.bytesToKeystone(), 0)
})
