/** Real child processes pass the suite of the simulated fence agents. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'ava'
import { fenceAgentConformance } from '../../support/fence-agent-conformance.ts'
import { fenceProgram, fenceScripts } from '../../support/fence-scripts.ts'

/** An outlet in a file, with the states of the suite. */
const OUTLET = `
mood=$(cat mood)
case $mood in
  silent) exec sleep 600 ;;
  broken) echo "outlet: 9: Syntax error: end of file unexpected (expecting \\"fi\\")" >&2; exit 2 ;;
  stuck) echo "Status: OFF"; exit 2 ;;
esac
while read -r line; do
  case $line in action=*) action=\${line#action=} ;; esac
done
case $action in
  off) echo off > power; echo "Success: Powered OFF"; exit 0 ;;
  status)
    if [ "$(cat power)" = off ]; then echo "Status: OFF"; exit 2; fi
    echo "Status: ON"; exit 0 ;;
esac
exit 1
`

fenceAgentConformance(test, async (kind) => {
  const scripts = await fenceScripts({ outlet: OUTLET })
  await writeFile(join(scripts.path, 'power'), 'on')
  await writeFile(join(scripts.path, 'mood'), 'well')
  return {
    port: scripts.port,
    program: fenceProgram('outlet', { kind }),
    setMood: (mood) => writeFile(join(scripts.path, 'mood'), mood),
    [Symbol.asyncDispose]: () => scripts[Symbol.asyncDispose](),
  }
})
