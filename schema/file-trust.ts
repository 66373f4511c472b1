/** Which permissions of a file or directory let somebody else read what is secret, or change what we believe. Pure. */

export type FileUse =
  /** A private key: nobody but its owner. */
  | 'private'
  /** A secret that a group of controllers may share for reading. */
  | 'secret'
  /** What others may read, and nobody else may change. */
  | 'trusted'
  /** Holds such files: whoever writes here can replace them. */
  | 'directory'

const GROUP_WRITES = 0o020
const OTHERS_WRITE = 0o002
const OTHERS = 0o007
const GROUP_AND_OTHERS = 0o077

/** Why it cannot be trusted, with what to do; undefined when it can. `mode` is what `stat` says. */
export function distrustOf(use: FileUse, mode: number): string | undefined {
  if (use === 'private') {
    return (mode & GROUP_AND_OTHERS) === 0
      ? undefined
      : 'other users of this machine can use it: chmod go= it'
  }
  if (use === 'secret' && (mode & OTHERS) !== 0) {
    return 'other users of this machine can use it: chmod o= it'
  }
  if ((mode & OTHERS_WRITE) !== 0) return 'every user of this machine can change it: chmod o-w it'
  return (mode & GROUP_WRITES) === 0 ? undefined : 'its group can change it: chmod g-w it'
}
