/** The editor of a fence plan: the ways to make certain that a host is dead, in the order in which they are tried. */
import { useState } from 'preact/hooks'
import { Dialog, html } from './ui.js'

/** @typedef {{ kind: string, name?: string, limit_seconds: number }} Rung */

const KINDS = new Map([
  ['bmc', 'the BMC, over Redfish and then IPMI'],
  ['redfish', 'the BMC, over Redfish alone'],
  ['ipmi', 'the BMC, over IPMI alone'],
  ['agent', 'a fence agent of ClusterLabs'],
  ['command', 'a command of the operators'],
  ['operator', 'an operator confirms the death'],
])
const RUNGS_MAX = 8
/** @type {Rung} */
const NEW_RUNG = { kind: 'bmc', limit_seconds: 60 }

/** @param {Rung} rung */
const hasName = ({ kind }) => kind === 'agent' || kind === 'command'

/** @param {Rung} rung */
export const rungInWords = ({ kind, name, limit_seconds: limit }) =>
  `${kind}${name === undefined ? '' : ` ${name}`} (${limit} s)`

/** @param {{ rungs: readonly Rung[], onSave: (rungs: readonly Rung[] | undefined) => Promise<string>, onClose: () => void }} props */
export function FencePlanDialog({ rungs: before, onSave, onClose }) {
  const [rungs, setRungs] = useState(before)
  const [problem, setProblem] = useState('')
  const save = async (/** @type {readonly Rung[] | undefined} */ plan) => {
    const refusal = await onSave(plan)
    setProblem(refusal)
    if (refusal === '') onClose()
  }
  const change = (/** @type {number} */ at, /** @type {Rung} */ rung) => {
    setProblem('')
    setRungs(rungs.with(at, rung))
  }
  const swap = (/** @type {number} */ at) =>
    setRungs([
      ...rungs.slice(0, at - 1),
      ...rungs.slice(at - 1, at + 1).toReversed(),
      ...rungs.slice(at + 1),
    ])
  return html`<${Dialog} title="Fence plan" onClose=${onClose}>
    <p>
      The ways to make certain that a host is dead, in the order in which they are tried. No instance is moved before one of them has
      succeeded.
    </p>
    <form
      onSubmit=${(/** @type {SubmitEvent} */ event) => {
        event.preventDefault()
        void save(rungs)
      }}
    >
      <ol class="rungs">
        ${rungs.map(
          (rung, at) =>
            html`<li key=${at}>
              <span class="faint" aria-hidden="true">${at + 1}.</span>
              <${RungFields} place=${at + 1} rung=${rung} onChange=${(/** @type {Rung} */ next) => change(at, next)} />
              <span class="rung-actions">
                <button type="button" aria-label="Move ${at + 1} up" disabled=${at === 0} onClick=${() => swap(at)}>
                  ↑
                </button>
                <button
                  type="button"
                  aria-label="Remove ${at + 1}"
                  disabled=${rungs.length === 1}
                  onClick=${() => setRungs(rungs.toSpliced(at, 1))}
                >
                  ✕
                </button>
              </span>
            </li>`,
        )}
      </ol>
      ${problem !== '' && html`<p class="problem" role="alert">${problem}</p>`}
      <div class="actions">
        <button
          type="button"
          disabled=${rungs.length === RUNGS_MAX}
          onClick=${() => setRungs([...rungs, NEW_RUNG])}
        >
          Add a way
        </button>
        <button type="button" onClick=${() => void save(undefined)}>As configured</button>
        <button type="submit" class="primary">Save</button>
      </div>
    </form>
  <//>`
}

/** @param {{ place: number, rung: Rung, onChange: (rung: Rung) => void }} props */
function RungFields({ place, rung, onChange }) {
  const pick = (/** @type {string} */ kind) => {
    const { name = '', limit_seconds } = rung
    onChange(
      hasName({ kind, limit_seconds }) ? { kind, name, limit_seconds } : { kind, limit_seconds },
    )
  }
  return html`<select
      aria-label="Way ${place}"
      value=${rung.kind}
      onChange=${(/** @type {Event & { currentTarget: HTMLSelectElement }} */ event) => pick(event.currentTarget.value)}
    >
      ${[...KINDS].map(([kind, text]) => html`<option value=${kind}>${kind}: ${text}</option>`)}
    </select>
    ${
      hasName(rung) &&
      html`<input
        aria-label="Name of way ${place}"
        placeholder=${rung.kind === 'agent' ? 'fence_…' : 'its name in the configuration'}
        required
        value=${rung.name ?? ''}
        onInput=${(/** @type {Event & { currentTarget: HTMLInputElement }} */ event) =>
          onChange({ ...rung, name: event.currentTarget.value.trim() })}
      />`
    }
    <label class="limit"
      >at most
      <input
        type="number"
        aria-label="Time limit of way ${place}, seconds"
        min="1"
        max="604800"
        required
        value=${rung.limit_seconds}
        onInput=${(/** @type {Event & { currentTarget: HTMLInputElement }} */ event) =>
          onChange({ ...rung, limit_seconds: event.currentTarget.valueAsNumber })}
      />
      s</label
    >`
}
