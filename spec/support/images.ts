/**
 * Images of servers from the Debian packages installed here, for engines that cannot pull images.
 */
import { execFile, spawn } from 'node:child_process'
import { lstatSync, readdirSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import type { ContainerRuntimeClient } from 'testcontainers'
import { imageOf, type ImageKind } from './container.ts'
import { clusterProgram } from './nats-cluster.ts'
import { program } from './process.ts'

/** A shell and its usual tools. */
const TOOLS = ['coreutils', 'dash', 'findutils', 'grep', 'hostname', 'mawk', 'sed', 'util-linux']

/** The packages of each image; their dependencies are added. */
const PACKAGES: Readonly<Record<ImageKind, readonly string[]>> = {
  nats: ['nats-server'],
  // The script that makes a database needs a shell and its usual tools.
  mariadb: ['mariadb-server-core', 'mariadb-client-core', ...TOOLS],
  // All servers of ops/docker/compose.yaml.
  servers: [
    'mariadb-server-core',
    'mariadb-client',
    'rabbitmq-server',
    'haproxy',
    'libc-bin',
    'procps',
    'wget',
    ...TOOLS,
  ],
  // What ops/docker/Dockerfile begins with: npm with a compiler, and a small Debian.
  builder: ['python3', 'make', 'g++', 'binutils', 'tar', 'gzip', ...TOOLS],
  base: ['base-files', 'ipmitool', 'openssl', 'libstdc++6', ...TOOLS],
}

/** Files that belong to no package: links, and the files for user names and libraries. */
const LOOSE_FILES = [
  '/usr/bin/sh',
  '/usr/bin/awk',
  '/etc/alternatives/awk',
  '/etc/group',
  '/etc/ld.so.cache',
  '/etc/passwd',
]

/** Left out, because an image for specs needs no manuals. */
const MANUALS = /^\/usr\/share\/(?:bug|doc|doc-base|info|lintian|locale|man)(?:\/|$)/u

const run = promisify(execFile)
const OUTPUT_MAX = 64 * 1024 * 1024

/** Builds the local image of a server from installed files. */
export async function buildImage(engine: ContainerRuntimeClient, kind: ImageKind): Promise<void> {
  const files = await filesOf(await withDependencies(PACKAGES[kind]), extraFilesOf(kind))
  const args = ['--create', '--no-recursion', '--directory', '/', '--files-from', '-']
  // The directory of the fetched server is not where containers look for programs.
  args.push('--transform', 's,^.*/nats-server$,usr/sbin/nats-server,')
  const tar = spawn('tar', args, { stdio: ['pipe', 'pipe', 'inherit'] })
  tar.stdin.end(files.join('\n'))
  const [repo, tag] = imageOf(kind).split(':')
  const answer = await engine.container.dockerode.importImage(tar.stdout, { repo, tag })
  const report = await text(answer)
  if (report.includes('"error"')) throw new Error(`${imageOf(kind)} was not built: ${report}`)
}

/** Files that no package of the image has. */
function extraFilesOf(kind: ImageKind): readonly string[] {
  if (kind === 'servers') return [clusterProgram()]
  if (kind !== 'builder') return []
  // Its place is …/lib/node_modules/npm/bin/npm-cli.js; beside `lib` is the Node that it came with.
  const prefix = resolve(realpathSync(program('npm', 'npm')), '../../../../..')
  const trees = [
    join(prefix, 'lib/node_modules/npm'),
    join(prefix, 'include/node'),
    '/etc/ssl/certs',
    '/usr/share/ca-certificates',
  ]
  const files = ['bin/node', 'bin/npm', 'bin/npx', 'etc/npmrc'].map((path) => join(prefix, path))
  return [...files, ...trees.flatMap(everythingIn)]
}

const everythingIn = (directory: string): readonly string[] => [
  directory,
  ...readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((path) =>
    join(directory, path),
  ),
]

/** The packages with all their installed dependencies. */
async function withDependencies(roots: readonly string[]): Promise<ReadonlySet<string>> {
  const format = '${binary:Package}\t${Pre-Depends}, ${Depends}\n'
  const { stdout } = await run('dpkg-query', ['--show', `--showformat=${format}`], {
    maxBuffer: OUTPUT_MAX,
  })
  const needs = new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => {
        const [name = '', depends = ''] = line.split('\t')
        // "a (>= 1) | b, c:any": installed alternatives are taken.
        const names = depends.split(/[,|]/u).map((each) => each.trim().split(/[ :]/u)[0] ?? '')
        return [name.split(':')[0] ?? '', names] as const
      }),
  )
  const found = new Set<string>()
  const wanted = [...roots]
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    const next = needs.get(name)
    if (next === undefined && roots.includes(name)) {
      throw new Error(`${name} is not installed: apt-get install ${name}`)
    }
    if (next === undefined || found.has(name)) continue
    found.add(name)
    wanted.push(...next)
  }
  return found
}

/**
 * Paths without the leading slash: links to merged directories first, and each directory without
 * its content.
 */
async function filesOf(
  packages: ReadonlySet<string>,
  extra: readonly string[],
): Promise<readonly string[]> {
  const { stdout } = await run('dpkg-query', ['--listfiles', ...packages], {
    maxBuffer: OUTPUT_MAX,
  })
  const links = ['/bin', '/lib', '/lib64', '/sbin'].filter(isLink)
  const merged = (path: string): string =>
    links.some((link) => path.startsWith(`${link}/`)) ? `/usr${path}` : path
  const paths = [...stdout.split('\n'), ...LOOSE_FILES, ...extra]
    .filter((path) => path.startsWith('/') && path !== '/.' && !links.includes(path))
    .filter((path) => !MANUALS.test(path))
    .map(merged)
  const present = [...new Set(paths)].filter(
    (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined,
  )
  return [...links, ...present].map((path) => path.slice(1))
}

const isLink = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
