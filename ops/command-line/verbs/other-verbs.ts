/** Verbs for people who develop the product, and for their shells. */
import { verb, type VerbGroup } from '../verb.ts'

const simulate = verb({
  about: 'search for broken promises in a simulated world',
  more: 'A seed that breaks a promise is explained: the smallest list of faults that breaks it, and how to repeat it.',
  options: {
    seeds: { kind: 'whole', value: 'N', help: 'how many seeds to run (default 100)', least: 1 },
    seed: {
      kind: 'whole',
      value: 'S',
      help: 'the first seed (default 1); without --seeds, only this one runs, and its trace is printed',
    },
  },
  arguments: {},
  examples: ['simulate --seeds 1000', 'simulate --seed 7'],
  statuses: { 0: 'every promise was kept', 1: 'a promise was broken' },
  run: async (given) => (await import('../../commands/simulate.ts')).simulate(given),
})

const completion = verb({
  about: 'print a script that completes the words of this command',
  options: {},
  arguments: {
    shell: { shape: 'one', help: 'the shell that completes', choices: ['bash', 'zsh'] },
  },
  examples: [
    'completion bash > /etc/bash_completion.d/instance-ha',
    'completion zsh > /usr/local/share/zsh/site-functions/_instance-ha',
  ],
  statuses: { 0: 'printed' },
  run: async ({ shell }) => (await import('../../commands/completion.ts')).completion(shell),
})

export const OTHER_VERBS: VerbGroup = {
  title: 'Other:',
  verbs: { simulate, completion },
}
