/** A file system of a megabyte or more that can be filled and emptied. Only root may mount one. */
import { execFile } from 'node:child_process'
import { rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { temporaryDirectory } from './process.ts'

export interface SmallDisk extends AsyncDisposable {
  readonly path: string
  /** Uses every free block. */
  fill(): Promise<void>
  /** Frees them. */
  empty(): Promise<void>
}

/** undefined when this account may not mount. */
export async function mountSmallDisk(sizeMiB: number): Promise<SmallDisk | undefined> {
  await using stack = new AsyncDisposableStack()
  const { path } = stack.use(await temporaryDirectory('disk'))
  try {
    await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', path])
  } catch {
    return undefined
  }
  stack.defer(async () => void (await promisify(execFile)('umount', ['-l', path])))
  const parts = stack.move()
  const ballast = join(path, 'ballast')
  return {
    path,
    async fill() {
      const { bavail, bsize } = await statfs(path)
      await writeFile(ballast, Buffer.alloc(bavail * bsize))
    },
    empty: () => rm(ballast),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}
