/** The XML of a test guest, shaped like that of one of Nova's instances. */

export interface GuestOptions {
  readonly name?: string
  /** other: a domain that Nova knows nothing of. */
  readonly owner?: 'nova' | 'other'
  readonly agent?: 'channel' | 'no-channel'
  readonly onCrash?: 'destroy' | 'preserve' | 'restart'
  readonly watchdog?: 'reset' | 'poweroff' | 'pause' | 'none' | 'shutdown' | 'inject-nmi'
  readonly errorPolicy?: 'stop' | 'report'
}

const NOVA = `<metadata>
  <nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1">
    <nova:name>a guest with an &lt;odd&gt; name='org.qemu.guest_agent.0'</nova:name>
    <nova:creationTime>2026-11-01 00:00:00</nova:creationTime>
    <nova:flavor name="m1.nano"><nova:memory>128</nova:memory><nova:vcpus>1</nova:vcpus></nova:flavor>
  </nova:instance>
</metadata>`

const CHANNEL = `<channel type="unix">
  <source mode="bind"/>
  <target type="virtio" name="org.qemu.guest_agent.0"/>
</channel>`

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** As `virsh define` takes it. */
export function domainXml(
  at: {
    readonly name: string
    readonly uuid: string
    readonly path: string
    readonly files: string
  },
  options: GuestOptions,
): string {
  const { owner = 'nova', agent = 'channel', onCrash = 'destroy', watchdog = 'reset' } = options
  const policy = options.errorPolicy === undefined ? '' : ` error_policy="${options.errorPolicy}"`
  return `<domain type="qemu">
  <name>${escaped(at.name)}</name>
  <uuid>${at.uuid}</uuid>
  ${owner === 'nova' ? NOVA : ''}
  <memory unit="MiB">128</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch="x86_64" machine="pc">hvm</type>
    <kernel>${at.files}/vmlinuz</kernel>
    <initrd>${at.files}/initramfs.gz</initrd>
    <cmdline>console=ttyS0 quiet panic=0</cmdline>
  </os>
  <features><acpi/><tcg><tb-cache unit="MiB">32</tb-cache></tcg></features>
  <cpu mode="custom"><model>qemu64</model></cpu>
  <on_crash>${onCrash}</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    ${agent === 'channel' ? CHANNEL : ''}
    <controller type="usb" model="none"/>
    <watchdog model="i6300esb" action="${watchdog}"/>
    <panic model="isa"/>
    <memballoon model="none"/>
    <disk type="file" device="disk">
      <driver name="qemu" type="raw"${policy}/>
      <source file="${at.path}/small/${at.uuid}"/>
      <target dev="vda" bus="virtio"/>
    </disk>
  </devices>
</domain>
`
}
