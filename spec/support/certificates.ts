/** Certificates of an authority of our own, made with openssl in a directory. */
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { program } from './process.ts'

export interface Certificates {
  /** The authority's certificate. */
  readonly ca: string
  /**
   * Issues a certificate for a name or address (`IP:127.0.0.1`); returns the names of its files.
   */
  issue(name: string, alternative: string): Promise<{ readonly cert: string; readonly key: string }>
}

/** Makes the authority. */
export function makeAuthority(directory: string, name = 'ca'): Certificates {
  const path = (file: string): string => join(directory, file)
  const [ca, caKey] = [path(`${name}.pem`), path(`${name}.key`)]
  openssl('req', '-x509', ...EC, '-days', '1', '-subj', `/CN=${name}`, '-keyout', caKey, '-out', ca)
  return {
    ca,
    async issue(owner, alternative) {
      const files = { cert: path(`${owner}.pem`), key: path(`${owner}.key`) }
      const [request, extensions] = [path(`${owner}.csr`), path(`${owner}.ext`)]
      await writeFile(extensions, `subjectAltName = ${alternative}\n`)
      openssl('req', ...EC, '-subj', `/CN=${owner}`, '-keyout', files.key, '-out', request)
      const signed = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', '1']
      openssl('x509', '-req', '-in', request, ...signed, '-extfile', extensions, '-out', files.cert)
      return files
    },
  }
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']

function openssl(...args: readonly string[]): void {
  const { status, stderr } = spawnSync(program('openssl', 'openssl'), [...args])
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr.toString()}`)
}
