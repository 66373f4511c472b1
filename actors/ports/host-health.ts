/** The state of the parts of the compute host that an instance monitor runs on. */

export interface HostHealth {
  /** One boot of the host; undefined when the system does not show it. */
  readonly boot: string | undefined
  /** libvirt's daemon: answers, does not answer, or was not asked yet. */
  readonly libvirt: 'answers' | 'silent' | 'unknown'
  readonly libvirtAgeMs: number
  /** The nova-compute process: runs, is gone, or cannot be seen from here. */
  readonly compute: 'runs' | 'gone' | 'unknown'
  readonly computeAgeMs: number
}

export interface HostHealthPort {
  look(): Promise<HostHealth>
}
