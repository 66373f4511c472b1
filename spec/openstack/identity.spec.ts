/** The Identity port on the cloud that the OS_* variables name. */
import { Client, openCloud } from './cloud.ts'
import { onCloud } from './on-cloud.ts'

const cloud = onCloud({ instances: 0, deaths: false })

cloud.serial("a user's token is validated, until it is revoked", async (t) => {
  await using openstack = await openCloud()
  const client = await Client.logIn()
  const caller = await openstack.identity.validate(client.token)
  t.is(caller?.userId, client.userId)
  t.true(caller?.roles.includes('admin'))
  t.true((caller?.expiresAt ?? 0) > Date.now())
  await client.revoke(client.token)
  t.is(await openstack.identity.validate(client.token), undefined)
})

cloud.serial('a token that Keystone never issued has no owner', async (t) => {
  await using openstack = await openCloud()
  t.is(await openstack.identity.validate('gAAAAAB-not-a-token'), undefined)
  t.is(openstack.loginCount(), 1)
})
