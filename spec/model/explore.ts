/** Visits every state of a model breadth first, so that the first violation that it finds has the shortest trace. */
import { begin, moves, twoHolders, type ModelOptions, type World } from './leadership-model.ts'
import { keyOf } from './world-key.ts'

export interface Exploration {
  readonly states: number
  readonly depth: number
  /** Whether every state that can be reached was visited. */
  readonly isComplete: boolean
  readonly violation: { readonly what: string; readonly trace: readonly string[] } | undefined
}

interface Visited {
  readonly world: World
  readonly text: string
  readonly from: number
  readonly depth: number
}

/** Ends at the first violation, or after so many states. */
export function explore(options: ModelOptions, statesMax: number): Exploration {
  const visited: Visited[] = [{ world: begin(options), text: 'the beginning', from: -1, depth: 0 }]
  const seen = new Set([keyOf(begin(options))])
  const result = (isComplete: boolean, depth: number) => ({
    states: visited.length,
    depth,
    isComplete,
  })
  for (let at = 0; at < visited.length; at += 1) {
    const here = visited[at]
    if (here === undefined) break
    for (const { text, world, violation } of moves(here.world, options)) {
      const what = violation ?? (options.losesLease ? undefined : twoHolders(world))
      const depth = here.depth + 1
      if (what !== undefined) {
        const trace = [...traceTo(visited, at), text]
        return { ...result(false, depth), violation: { what, trace } }
      }
      const key = keyOf(world)
      if (seen.has(key)) continue
      if (visited.length === statesMax) return { ...result(false, depth), violation: undefined }
      seen.add(key)
      visited.push({ world, text, from: at, depth })
    }
  }
  return { ...result(true, visited.at(-1)?.depth ?? 0), violation: undefined }
}

/** Long random walks: deeper than every state can be visited. The same numbers make the same walks. */
export function walk(
  options: ModelOptions,
  {
    walks,
    steps,
    random,
  }: { readonly walks: number; readonly steps: number; readonly random: () => number },
): Pick<Exploration, 'violation'> {
  for (let count = 0; count < walks; count += 1) {
    let world = begin(options)
    const trace: string[] = []
    for (let step = 0; step < steps; step += 1) {
      const choices = [...moves(world, options)]
      const move = choices[Math.floor(random() * choices.length)]
      if (move === undefined) break
      trace.push(move.text)
      const what = move.violation ?? (options.losesLease ? undefined : twoHolders(move.world))
      if (what !== undefined) return { violation: { what, trace } }
      world = move.world
    }
  }
  return { violation: undefined }
}

/** The world after moves with these texts; undefined when one of them is not possible. */
export function follow(options: ModelOptions, texts: readonly string[]): World | undefined {
  let world = begin(options)
  for (const text of texts) {
    const move = [...moves(world, options)].find((each) => each.text === text)
    if (move === undefined) return undefined
    world = move.world
  }
  return world
}

function traceTo(visited: readonly Visited[], end: number): readonly string[] {
  const texts: string[] = []
  for (let at = end; at > 0; at = visited[at]?.from ?? 0) texts.unshift(visited[at]?.text ?? '')
  return texts
}
