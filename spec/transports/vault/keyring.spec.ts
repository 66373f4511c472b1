/** Sealing and opening of texts, the change of keys, and the file that holds them. */
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { assert, property, string } from 'fast-check'
import { openKeyFile } from '../../../transports/vault/key-file.ts'
import { newKeyLine, parseKeys } from '../../../transports/vault/keyring.ts'
import { temporaryDirectory } from '../../support/process.ts'

test('every text comes back as it was, and no two sealed texts are alike', (t) => {
  const keyring = parseKeys(newKeyLine())
  assert(
    property(string({ unit: 'binary' }), (text) => {
      const wellFormed = text.toWellFormed()
      const sealed = keyring.seal(wellFormed)
      t.not(sealed, keyring.seal(wellFormed))
      t.deepEqual(keyring.open(sealed), { kind: 'opened', text: wellFormed })
    }),
  )
})

test('text from before there were keys is returned as it is', (t) => {
  const keyring = parseKeys(newKeyLine())
  for (const text of ['', 'rack 7', '{"password": "x"}', 'sealed:v1:', 'sealed:v2:00:AA==']) {
    t.deepEqual(keyring.open(text), { kind: 'opened', text })
    t.false(keyring.isCurrent(text))
  }
})

test('changed byte, wherever it is, makes the text unreadable', (t) => {
  const keyring = parseKeys(newKeyLine())
  const sealed = keyring.seal('secret')
  const head = sealed.lastIndexOf(':') + 1
  const bytes = Buffer.from(sealed.slice(head), 'base64')
  for (let index = 0; index < bytes.length; index += 1) {
    const changed = Buffer.from(bytes)
    changed.writeUInt8(changed.readUInt8(index) ^ 1, index)
    const text = sealed.slice(0, head) + changed.toString('base64')
    t.is(keyring.open(text).kind, 'unreadable', `byte ${index}`)
  }
  t.is(keyring.open(`${sealed.slice(0, head)}AAAA`).kind, 'unreadable')
})

test('older keys still open, the first one seals, and a missing key is named', (t) => {
  const [old, young] = [newKeyLine(), newKeyLine()]
  const before = parseKeys(old)
  const rotating = parseKeys(`# both\n\n${young}\n  ${old}\n`)
  const sealed = before.seal('secret')
  t.deepEqual(rotating.open(sealed), { kind: 'opened', text: 'secret' })
  t.false(rotating.isCurrent(sealed))
  t.true(rotating.isCurrent(rotating.seal('secret')))
  const [, , name] = sealed.split(':')
  t.deepEqual(parseKeys(young).open(sealed), {
    kind: 'unreadable',
    reason: `the key ${name} is not in the key file`,
  })
})

test('file with a bad key, or without one, is refused without showing it', async (t) => {
  await using directory = await temporaryDirectory('vault')
  const path = join(directory.path, 'keys')
  for (const text of ['', '# only words\n', 'c2hvcnQ=\n', `${newKeyLine()} \n${'A'.repeat(44)}!`]) {
    await writeFile(path, text, { mode: 0o600 })
    const error = await t.throwsAsync(openKeyFile(path), { code: 'CONFIG_INVALID' })
    t.false(error.message.includes('AAAA'))
  }
})

test('missing file is made once with one key, readable for its owner only, by processes that start together', async (t) => {
  await using directory = await temporaryDirectory('vault')
  const path = join(directory.path, 'new', 'keys')
  const [first, second] = await Promise.all([openKeyFile(path), openKeyFile(path)])
  t.is((await stat(path)).mode & 0o777, 0o600)
  t.deepEqual(second.open(first.seal('secret')), { kind: 'opened', text: 'secret' })
  const text = await readFile(path, 'utf8')
  await openKeyFile(path)
  t.is(await readFile(path, 'utf8'), text)
})

test('file that others can use is refused, and so is a folder', async (t) => {
  await using directory = await temporaryDirectory('vault')
  const path = join(directory.path, 'keys')
  await writeFile(path, newKeyLine())
  await chmod(path, 0o644)
  await t.throwsAsync(openKeyFile(path), { message: /other users.*chmod/ })
  await chmod(path, 0o640)
  await t.notThrowsAsync(openKeyFile(path))
  await mkdir(join(directory.path, 'folder'), { mode: 0o700 })
  await t.throwsAsync(openKeyFile(join(directory.path, 'folder')), { code: 'CONFIG_INVALID' })
})
