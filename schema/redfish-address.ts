/** Checks the address and the certificate pins of a Redfish service, before anything is sent. */

const URL_CHARACTERS_MAX = 512
/** A BMC has one certificate. While the certificate is renewed, the BMC may show the old or the new one. */
const PINS_MAX = 4

/** What is wrong with the address of a machine. The text follows the name of the setting. */
export function redfishUrlProblem(text: string): string | undefined {
  if (text.length > URL_CHARACTERS_MAX) return `must not exceed ${URL_CHARACTERS_MAX} characters`
  const url = URL.parse(text)
  if (url === null) return 'must be a URL, as https://bmc/redfish/v1/Systems/1'
  if (url.username !== '' || url.password !== '') {
    return 'must hold no user and no password; they have settings of their own'
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    return 'must begin with https:// (http:// sends the password in clear, and is for loopback addresses only)'
  }
  if (url.search !== '' || url.hash !== '' || !SYSTEM_PATH.test(url.pathname)) {
    return 'must name one machine of the BMC, as https://bmc/redfish/v1/Systems/1: GET /redfish/v1/Systems lists them'
  }
  return undefined
}

const SYSTEM_PATH = /^\/redfish\/v1\/Systems\/[^/]+\/?$/

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)

/** The pins in one form, upper-case pairs between colons; undefined when the value is not a list of pins. */
export function readCertificatePins(value: unknown): readonly string[] | undefined {
  if (value === undefined) return []
  if (typeof value !== 'string') return undefined
  const pins = value.split(',').map((one) => pinOf(one.trim()))
  const read = pins.filter((pin) => pin !== undefined)
  return read.length === pins.length && read.length <= PINS_MAX ? read : undefined
}

function pinOf(text: string): string | undefined {
  const digits = text.replaceAll(':', '').toUpperCase()
  if (!/^[0-9A-F]{64}$/.test(digits)) return undefined
  return digits.match(/../g)?.join(':')
}
