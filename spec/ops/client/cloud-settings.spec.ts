/** What `clouds.yaml` and the `OS_*` variables mean, and what is refused. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { cloudSettings, type CloudSettings } from '../../../ops/client/cloud-settings.ts'
import { temporaryDirectory } from '../../support/process.ts'

const PASSWORD = {
  OS_AUTH_URL: 'http://keystone:5000/v3',
  OS_USERNAME: 'alice',
  OS_PASSWORD: 'p4ss',
  OS_PROJECT_NAME: 'admin',
}

const requestOf = ({ auth }: CloudSettings): unknown =>
  auth.kind === 'login' ? JSON.parse(auth.request.reveal()) : undefined

test('a password, a token and an application credential become what Keystone expects', (t) => {
  const settings = cloudSettings(undefined, { ...PASSWORD, OS_USER_DOMAIN_NAME: 'Staff' })
  t.deepEqual(requestOf(settings), {
    auth: {
      identity: {
        methods: ['password'],
        password: { user: { name: 'alice', domain: { name: 'Staff' }, password: 'p4ss' } },
      },
      scope: { project: { name: 'admin', domain: { id: 'default' } } },
    },
  })
  t.like(settings, { interface: 'public', insecure: false, caFile: undefined, region: undefined })
  const { OS_PASSWORD: _1, OS_USERNAME: _2, ...rest } = PASSWORD
  t.deepEqual(requestOf(cloudSettings(undefined, { ...rest, OS_TOKEN: 't0k' })), {
    auth: {
      identity: { methods: ['token'], token: { id: 't0k' } },
      scope: { project: { name: 'admin', domain: { id: 'default' } } },
    },
  })
  const credential = {
    OS_AUTH_URL: 'http://keystone:5000',
    OS_AUTH_TYPE: 'v3applicationcredential',
    OS_APPLICATION_CREDENTIAL_ID: 'id',
    OS_APPLICATION_CREDENTIAL_SECRET: 's3cret',
  }
  t.deepEqual(requestOf(cloudSettings(undefined, credential)), {
    auth: {
      identity: {
        methods: ['application_credential'],
        application_credential: { id: 'id', secret: 's3cret' },
      },
    },
  })
})

for (const [what, variables, says] of [
  ['nothing', {}, /name a cloud of clouds\.yaml with OS_CLOUD/],
  ['no password', { OS_PASSWORD: '' }, /^OS_PASSWORD is missing/],
  ['no user', { OS_USERNAME: '' }, /^OS_USERNAME is missing/],
  ['no scope', { OS_PROJECT_NAME: '' }, /^OS_DOMAIN_NAME is missing|OS_PROJECT_NAME/],
  ['an address that is none', { OS_AUTH_URL: 'keystone' }, /^OS_AUTH_URL must be an address/],
  ['version 2', { OS_IDENTITY_API_VERSION: '2' }, /only version 3/],
  [
    'another way to log in',
    { OS_AUTH_TYPE: 'v3kerberos' },
    /^OS_AUTH_TYPE is v3kerberos: it is one of/,
  ],
  ['another interface', { OS_INTERFACE: 'secret' }, /one of public, internal, admin/],
  ['a flag that is none', { OS_INSECURE: 'perhaps' }, /^OS_INSECURE is true or false/],
  ['a client certificate', { OS_CERT: 'me.pem' }, /^OS_CERT is not supported/],
  ['no token', { OS_AUTH_TYPE: 'admin_token', OS_ENDPOINT: 'http://x' }, /^OS_TOKEN is missing/],
  [
    'a scope beside an application credential',
    { OS_APPLICATION_CREDENTIAL_ID: 'a', OS_APPLICATION_CREDENTIAL_SECRET: 'b' },
    /^OS_PROJECT_NAME: an application credential has a project/,
  ],
] as const) {
  test(`${what} is refused in a sentence that names what to mend`, (t) => {
    const around = what === 'nothing' ? {} : PASSWORD
    const error = t.throws(
      () => cloudSettings(undefined, { ...around, HOME: '/none', ...variables }),
      {
        code: 'CONFIG_INVALID',
      },
    )
    t.regex(error?.message ?? '', says)
    t.notRegex(error?.message ?? '', /p4ss/)
  })
}

const CLOUDS = `clouds:
  west:
    auth:
      auth_url: https://keystone/v3
      username: bob
      project_name: ops
    region_name: one
    interface: internal
    cacert: /etc/ca.pem
    verify: false
    volume_api_version: 3
  east:
    auth: { auth_url: https://east/v3, token: abc, project_id: p, usrname: x }
  south:
    profile: vexxhost
  north:
    regionname: one
`

test('a cloud of the files is found where openstacksdk looks, with its secrets', async (t) => {
  await using directory = await temporaryDirectory('clouds')
  const home = join(directory.path, '.config', 'openstack')
  await mkdir(home, { recursive: true })
  await writeFile(join(home, 'clouds.yaml'), CLOUDS)
  await writeFile(join(home, 'secure.yaml'), 'clouds: { west: { auth: { password: hidden } } }\n')
  const around = { HOME: directory.path }
  const west = cloudSettings('west', around)
  t.like(west, { region: 'one', interface: 'internal', caFile: '/etc/ca.pem', insecure: true })
  t.regex(JSON.stringify(requestOf(west)), /"name":"bob".*"password":"hidden"/)
  t.deepEqual(requestOf(cloudSettings(undefined, { ...around, OS_CLOUD: 'west' })), requestOf(west))
  const named = { OS_CLIENT_CONFIG_FILE: join(home, 'clouds.yaml') }
  const refused = (cloud: string | undefined, more = {}): string =>
    t.throws(() => cloudSettings(cloud, { HOME: '/none', ...named, ...more }), {
      code: 'CONFIG_INVALID',
    })?.message ?? ''
  t.regex(refused('wst'), /has no cloud wst; did you mean west\?/)
  t.regex(refused(undefined), /several clouds: choose one .*\(west, east, south, north\)/)
  t.regex(refused('east'), /auth\.usrname is not known; did you mean username\?/)
  t.regex(refused('south'), /^profile of the cloud south .* is not supported/)
  t.regex(refused('north'), /regionname is not known; did you mean region_name\?/)
  t.regex(refused('west'), /^auth\.password of the cloud west of .*clouds\.yaml is missing/)
  t.regex(refused('west', { OS_CLIENT_CONFIG_FILE: '/none/x' }), /and there is no such file/)
  await writeFile(join(home, 'clouds.yaml'), 'clouds:\n  a: {password: s3cret\n  b: [\n')
  t.regex(refused('a'), /clouds\.yaml.* cannot be read/)
  t.notRegex(refused('a'), /s3cret/)
})
