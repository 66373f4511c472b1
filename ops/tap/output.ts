/** Output for a terminal or a pipe. */

/** Aborts when nobody reads the output any more, or when the operator ends the command. */
export function untilEnded(): AbortSignal {
  const ending = new AbortController()
  const end = (): void => ending.abort()
  process.stdout.on('error', (error) => {
    if (!('code' in error && error.code === 'EPIPE')) throw error
    end()
  })
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
  return ending.signal
}

/** Resolves when the signal aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
}
