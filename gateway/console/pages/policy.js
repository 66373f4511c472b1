/** The policy of a segment: what is in force, who decided it, and what operators may choose instead. */
import { useRef, useState } from 'preact/hooks'
import { call, get, may } from './api.js'
import { FencePlanDialog, rungInWords } from './fence-plan.js'
import { html, Missing, Table, useData } from './ui.js'
/** @import { Rung } from './fence-plan.js' */

/** @typedef {{ name: string, words: readonly string[] } | { name: string, max: number, step: number, min: number } | { name: string }} Rule */

/** @type {ReadonlyMap<string, Rule>} */
const RULES = new Map([
  ['fence', { name: 'Fence plan' }],
  ['trust_reports', { name: 'Reports count without proof', words: ['yes', 'no'] }],
  ['return_to_service', { name: 'Return to service', words: ['automatic', 'operator'] }],
  ['max_hosts', { name: 'Most hosts at once', min: 0, max: 10_000, step: 1 }],
  ['max_hosts_share', { name: 'Largest share of hosts at once', min: 0.01, max: 1, step: 0.01 }],
  ['rebuild_instances', { name: 'Rebuild instances', words: ['forbid', 'allow'] }],
  ['instance_disks', { name: 'Disks of instances', words: ['shared', 'local'] }],
  ['rebuild_local', { name: 'Rebuild from local disks', words: ['forbid', 'allow'] }],
  ['dead_domain', { name: 'Dead failure domain', words: ['hosts', 'one'] }],
])

/** @param {string} name */
const ruleOf = (name) => RULES.get(name) ?? { name }

/** @param {unknown} value */
const isRungs = (value) => Array.isArray(value)

/** @param {string} name @param {unknown} value */
function inWords(name, value) {
  if (isRungs(value)) return value.map(rungInWords).join(', then ')
  if (name === 'max_hosts' && value === 0) return 'no limit'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return String(value)
}

/**
 * What a field says, as the API takes it; undefined for an empty field.
 * @param {Rule} rule @param {string} text
 */
function valueOf(rule, text) {
  if (text === '') return undefined
  if ('max' in rule) return Number(text)
  return text === 'yes' || text === 'no' ? text === 'yes' : text
}

/** @param {{ path: string }} props */
export function PolicyCard({ path }) {
  const { data, error, reload } = useData(async () => {
    /** @type {{ policy: Record<string, unknown>, chosen: Record<string, unknown> }} */
    const answer = await get(`${path}/policy`)
    return answer
  }, [path])
  const [problem, setProblem] = useState('')
  const [isPlanning, setPlanning] = useState(false)
  const line = useRef(Promise.resolve(''))
  if (data === undefined) return html`<${Missing} error=${error} retry=${reload} />`
  const { policy, chosen } = data
  /** The reason why it was refused; empty when it is saved. All choices are written together, so one change waits for another. */
  const save = (/** @type {string} */ name, /** @type {unknown} */ value) => {
    line.current = line.current.then(async () => {
      try {
        /** @type {{ chosen: Record<string, unknown> }} */
        const { chosen: now } = await get(`${path}/policy`)
        const { [name]: _before, ...rest } = now
        const choices = value === undefined ? rest : { ...rest, [name]: value }
        await call('PUT', `${path}/policy`, { policy: choices })
      } catch (failure) {
        return failure instanceof Error ? failure.message : String(failure)
      }
      await reload()
      return ''
    })
    return line.current
  }
  const choose = async (/** @type {string} */ name, /** @type {unknown} */ value) =>
    setProblem(await save(name, value))
  return html`<section class="card">
    <h2>Policy</h2>
    <${Table} label="Policy" heads=${['Rule', 'In force', 'Decided by', 'Choose']}>
      ${Object.entries(policy).map(
        ([name, value]) =>
          html`<tr key=${name}>
            <td>${ruleOf(name).name}</td>
            <td>${inWords(name, value)}</td>
            <td class="faint">${name in chosen ? 'this segment' : 'the configuration'}</td>
            <td>
              ${
                may('segments:set-policy') &&
                (isRungs(value)
                  ? html`<button type="button" onClick=${() => setPlanning(true)}>Change…</button>`
                  : html`<${Choice}
                      rule=${ruleOf(name)}
                      chosen=${chosen[name]}
                      onChoose=${(/** @type {unknown} */ next) => void choose(name, next)}
                    />`)
              }
            </td>
          </tr>`,
      )}
    <//>
    ${problem !== '' && html`<p class="problem" role="alert">${problem}</p>`}
    ${
      isPlanning &&
      html`<${FencePlanDialog}
        rungs=${/** @type {readonly Rung[]} */ (policy['fence'])}
        onSave=${(/** @type {readonly Rung[] | undefined} */ rungs) => save('fence', rungs)}
        onClose=${() => setPlanning(false)}
      />`
    }
  </section>`
}

/** @param {{ rule: Rule, chosen: unknown, onChoose: (value: unknown) => void }} props */
function Choice({ rule, chosen, onChoose }) {
  const now = chosen === undefined ? '' : inWords('', chosen)
  const onChange = (
    /** @type {Event & { currentTarget: HTMLSelectElement | HTMLInputElement }} */ event,
  ) => {
    if (event.currentTarget.checkValidity()) onChoose(valueOf(rule, event.currentTarget.value))
    else event.currentTarget.reportValidity()
  }
  if ('max' in rule) {
    const { min, max, step } = rule
    return html`<input
      type="number"
      aria-label=${rule.name}
      placeholder="as configured"
      min=${min}
      max=${max}
      step=${step}
      value=${now}
      onChange=${onChange}
    />`
  }
  if (!('words' in rule)) return null
  return html`<select aria-label=${rule.name} value=${now} onChange=${onChange}>
    <option value="">as configured</option>
    ${rule.words.map((word) => html`<option value=${word}>${word}</option>`)}
  </select>`
}
