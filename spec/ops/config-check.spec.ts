/** `config check`: what it says about files that can be used and files that cannot. It connects nowhere. */
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { engineConfig } from '../support/config-text.ts'
import { freePort, listenOn, temporaryDirectory } from '../support/process.ts'
import { runProduct } from '../support/product.ts'

test('a configuration that can be used is shown with its differences, secrets and warnings', async (t) => {
  await using directory = await temporaryDirectory('check')
  const port = await freePort()
  let connections = 0
  const server = createServer(() => {
    connections += 1
  })
  await listenOn(server, port)
  const file = join(directory.path, 'instance-ha.conf')
  const text = engineConfig(directory.path)
    .replace('servers = memory', `servers = nats://127.0.0.1:${port}`)
    .replaceAll('127.0.0.1:5000', `127.0.0.1:${port}`)
    .replace('os_privileged_user_password = n', 'os_privileged_user_password = s3cr3t-a')
    .replace(
      'sqlite:///' + join(directory.path, 'store.db'),
      `mysql://u:s3cr3t-c@127.0.0.1:${port}/x`,
    )
  await writeFile(file, `${text}[lease]\nttl = 4.5\n`, { mode: 0o600 })
  await mkdir(`${file}.d`)
  await writeFile(`${file}.d/10.conf`, '[webhook]\ntoken = s3cr3t-b\n[fence]\ndeadline = 44\n', {
    mode: 0o600,
  })
  const shown = await runProduct('config', 'check', '--config', file)
  const json = await runProduct('config', 'check', '--config', file, '--json')
  await new Promise((resolve) => server.close(resolve))
  t.is(connections, 0, 'it connects nowhere')
  t.is(shown.status, 0, shown.stderr)
  for (const line of [
    /^ +\[fence\] deadline +44 +restart +.*10\.conf, line 4$/m,
    /^ +\[webhook\] token +\(secret\) +SIGHUP +.*10\.conf, line 2$/m,
    /^ +\[database\] connection +\(secret\) +SIGHUP \(its password\) /m,
    /^ +account of Compute +needed +given /m,
    /^ +credentials of the webhook +unused +given /m,
    /^warning: .*no role of this process uses it/m,
  ]) {
    t.regex(shown.stdout, line)
  }
  t.notRegex(shown.stdout, /\[lease\] ttl/, 'its value is the default')
  t.notRegex(shown.stdout + json.stdout, /s3cr3t/)
  const report: unknown = JSON.parse(json.stdout)
  t.like(report, { usable: true, roles: ['engine'] })
  t.regex(
    json.stdout,
    /\{"option":"\[fence\] deadline","value":"44","from":".*10\.conf, line 4","change":"restart"\}/,
  )
})

test('every problem is told, with status 1: of the values, and of the files that they name', async (t) => {
  await using directory = await temporaryDirectory('check')
  const file = join(directory.path, 'instance-ha.conf')
  await writeFile(file, `${engineConfig(directory.path)}[lease]\nttl = 1\n[fence]\nx = 1\n`, {
    mode: 0o600,
  })
  const wrong = await runProduct('config', 'check', '--config', file)
  t.is(wrong.status, 1)
  t.regex(wrong.stderr, /\[lease\] ttl = "1": must be seconds from 2 to 60 \(.*line \d+\)/)
  t.regex(wrong.stderr, /\[fence\] x: there is no such option/)
  const broken = join(directory.path, 'ca.pem')
  await writeFile(broken, 'not a certificate')
  const text = engineConfig(directory.path).replace(
    'memory',
    `nats://127.0.0.1\nca_file = ${broken}`,
  )
  await writeFile(file, text)
  const json = await runProduct('config', 'check', '--config', file, '--json')
  t.is(json.status, 1)
  t.regex(json.stdout, /^\{"usable":false,"problems":\["the certificates of NATS cannot be used/)
})

test('other words than check, and a missing file, are answered with what to type', async (t) => {
  for (const args of [['config'], ['config', 'check'], ['config', 'show', '--config', 'x']]) {
    const ended = await runProduct(...args)
    t.is(ended.status, 2)
    t.regex(
      ended.stderr,
      /--config FILE is missing|no command 'show'|^Usage: instance-ha config VERB/,
    )
  }
})
