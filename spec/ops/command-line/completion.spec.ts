/** The scripts complete in the real shells. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { bashScript, zshScript } from '../../../ops/command-line/completion.ts'
import { program, temporaryDirectory } from '../../support/process.ts'

/** What bash offers for the last word. */
function offered(...words: readonly string[]): readonly string[] {
  const script = `${bashScript()}
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
compopt() { echo "compopt $*"; }
_instance_ha
printf '%s\\n' "\${COMPREPLY[@]}"`
  const out = execFileSync('bash', ['-c', script, 'bash', 'instance-ha', ...words])
  return out.toString('utf8').split('\n').filter(Boolean)
}

test('bash completes verbs, their verbs, their options and their choices', (t) => {
  t.deepEqual(offered('com'), ['command', 'completion'])
  t.deepEqual(offered('config', ''), ['check', '--help'])
  t.deepEqual(offered('config', 'check', '--j'), ['--json'])
  t.deepEqual(offered('completion', 'z'), ['zsh'])
  t.deepEqual(offered('config', 'check', '--json', '--c'), ['--config'])
  t.deepEqual(offered('config', 'check', '--config', ''), ['compopt -o default'], 'a path follows')
  t.deepEqual(offered('nonsense', 'x'), [])
})

test('zsh completes the same words, with what they are for', async (t) => {
  await using directory = await temporaryDirectory('zsh')
  const file = join(directory.path, '_instance-ha')
  writeFileSync(file, zshScript())
  // The functions of its completion system are replaced by ones that print what they are given.
  const script = `
compdef() { :; }
source $1
_describe() { local name; for name in "$@"; do [[ $name == (verbs|options) ]] && print -l -- \${(P)name}; done; return 0; }
_files() { print files; }
compadd() { print -l -- "$@"; }
words=(instance-ha "\${@:2}"); CURRENT=$#words; _instance_ha`
  const offers = (...words: readonly string[]) =>
    execFileSync(program('zsh', 'zsh'), ['-f', '-c', script, 'zsh', file, ...words]).toString(
      'utf8',
    )
  t.regex(offers('co'), /^completion:print a script/m)
  t.regex(offers('config', ''), /^check:say what/m)
  t.regex(offers('config', 'check', ''), /^--json:print JSON/m)
  t.is(offers('config', 'check', '--config', ''), 'files\n')
  t.regex(offers('import-mas'), /^import-masakari:.*Masakari's/m, 'an apostrophe is no quote')
})
