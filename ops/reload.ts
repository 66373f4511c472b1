/**
 * SIGHUP: reads the configuration again, takes what may change in a running process, and names the
 * rest. When anything in it cannot be used, nothing is taken.
 */
import type { LogPort } from '../actors/ports/log.ts'
import type { Policy } from '../gateway/policy/policy.ts'
import type { Config } from '../schema/config.ts'
import { describeError, isCoded } from '../schema/errors.ts'
import { isOneLogin } from './accounts.ts'
import { refuseUnusableFiles } from './config/check-files.ts'
import { reloadPlan } from './config/reload-plan.ts'
import { describeProblems, loadConfig } from './load-config.ts'
import { loadPolicy } from './roles/policy-file.ts'

/** What a reload acts on. */
export interface ReloadWorld {
  readonly log: LogPort & { level: string }
  /** Undefined without the role `gateway`. */
  readonly policy: { replaceBy(next: Policy): void } | undefined
}

/** Returns what a SIGHUP does to a process that was started with this configuration. */
export function reloading(file: string, started: Config, world: ReloadWorld): () => void {
  const { log } = world
  let inForce = started
  return () => {
    const next = usable(file, log)
    if (next === undefined) return
    const policy = world.policy && loadPolicy(next.api, (text) => log.info({}, text))
    const { rotations, taken, needRestart } = planOf(inForce, next)
    for (const { from, to } of rotations) from.rotateTo(to)
    if (policy !== undefined) world.policy?.replaceBy(policy)
    log.level = next.node.logLevel
    const { policyFile, policyDirs } = next.api
    inForce = {
      ...inForce,
      node: { ...inForce.node, logLevel: next.node.logLevel },
      api: { ...inForce.api, policyFile, policyDirs },
    }
    const rules = policy === undefined ? {} : { policy: 'read again' }
    log.info({ taken, ...rules }, 'the configuration was read again')
    if (needRestart.length > 0) {
      log.warn({ options: needRestart }, 'these changed options need a restart')
    }
  }
}

/** Undefined when it cannot be used; the log says why. */
function usable(file: string, log: LogPort): Config | undefined {
  const refuse = (reason: string): undefined => {
    log.error({ reason }, 'the changed configuration cannot be used: the old one stays in force')
  }
  const loaded = loadConfig(file)
  if (loaded.kind === 'invalid') return refuse(describeProblems(loaded.problems))
  try {
    refuseUnusableFiles(loaded.config)
    return loaded.config
  } catch (error) {
    if (!isCoded(error, 'CONFIG_INVALID')) throw error
    return refuse(describeError(error))
  }
}

/** When one login serves both accounts, a password that changes in one of them only is not taken. */
function planOf(inForce: Config, next: Config): ReturnType<typeof reloadPlan> {
  const plan = reloadPlan(inForce, next)
  if (isOneLogin(inForce) === isOneLogin(next)) return plan
  const passwords = [inForce.compute.password, inForce.identity.password]
  const names = ['[DEFAULT] os_privileged_user_password', '[keystone_authtoken] password']
  return {
    rotations: plan.rotations.filter(({ from }) => !passwords.includes(from)),
    taken: plan.taken.filter((name) => !names.includes(name)),
    needRestart: [...plan.needRestart, ...plan.taken.filter((name) => names.includes(name))],
  }
}
