/** A certificate for the BMCs of the simulated cloud, signed by itself, and kept in a directory. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** Certificate and key, PEM. */
export interface BmcCertificate {
  readonly cert: string
  readonly key: string
}

/** The certificate of the directory, made when there is none. Clients know it by its fingerprint. */
export async function ensureCertificate(directory: string): Promise<BmcCertificate> {
  const [cert, key] = [join(directory, 'bmc.pem'), join(directory, 'bmc.key')]
  if (!existsSync(cert)) {
    const options = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc']
    const subject = ['-days', '3650', '-subj', '/CN=bmc of the simulated cloud']
    const files = ['-keyout', key, '-out', cert]
    await promisify(execFile)('openssl', ['req', '-x509', ...options, ...subject, ...files])
  }
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') }
}
