/** Makes a segment in two steps: the segment, and then its hosts, each asked before it is saved. */
import { useState } from 'preact/hooks'
import { call } from './api.js'
import { Dialog, Field, html, Tag } from './ui.js'
/** @import { SegmentInfo } from './api-shapes.ts' */

/**
 * What was typed into a field; forms of the console send no files.
 * @param {FormData} form
 * @param {string} name
 */
function typedIn(form, name) {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}

/** @typedef {{ channel: string, ok: boolean, text: string }} ProbeResult */

const METHODS = [
  ['auto', 'any other host of the segment'],
  ['reserved_host', 'a spare'],
  ['auto_priority', 'any other host, and then a spare'],
  ['rh_priority', 'a spare, and then any other host'],
]

/** @param {{ onClose: () => void }} props */
export function Wizard({ onClose }) {
  const [segment, setSegment] = useState(/** @type {SegmentInfo | undefined} */ (undefined))
  const [saved, setSaved] = useState(/** @type {readonly string[]} */ ([]))
  const step = segment === undefined ? 1 : 2
  return html`<${Dialog} title="New segment, step ${step} of 2" onClose=${onClose}>
    ${
      segment === undefined
        ? html`<${SegmentForm} onMade=${setSegment} />`
        : html`<p>
              Segment <b>${segment.name}</b> is made. Add its hosts.
              ${saved.length > 0 && html`Saved: ${saved.join(', ')}.`}
            </p>
            <${HostForm}
              key=${saved.length}
              segment=${segment.uuid}
              onSaved=${(/** @type {string} */ name) => setSaved([...saved, name])}
            />
            <div class="actions">
              <button type="button" onClick=${onClose}>Done</button>
            </div>`
    }
  <//>`
}

/** @param {{ onMade: (segment: SegmentInfo) => void }} props */
function SegmentForm({ onMade }) {
  const [problem, setProblem] = useState('')
  const make = async (/** @type {SubmitEvent & { currentTarget: HTMLFormElement }} */ event) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const description = typedIn(form, 'description').trim()
    const fields = {
      name: typedIn(form, 'name').trim(),
      recovery_method: typedIn(form, 'recovery_method'),
      service_type: 'COMPUTE',
      ...(description === '' ? {} : { description }),
    }
    try {
      /** @type {{ segment: SegmentInfo }} */
      const answer = await call('POST', 'v1/segments', { segment: fields })
      onMade(answer.segment)
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }
  return html`<form onSubmit=${make}>
    <${Field} label="Name"><input name="name" required maxlength="255" autofocus /><//>
    <${Field} label="Recovery method" hint="Where the instances of a dead host go.">
      <select name="recovery_method">
        ${METHODS.map(([method, text]) => html`<option value=${method}>${method}: ${text}</option>`)}
      </select>
    <//>
    <${Field} label="Service type"><input value="COMPUTE" readonly /><//>
    <${Field} label="Description"><input name="description" maxlength="1000" /><//>
    ${problem !== '' && html`<p class="problem" role="alert">${problem}</p>`}
    <div class="actions"><button type="submit" class="primary">Make it, and go on</button></div>
  </form>`
}

/**
 * The settings of a host as the API takes them; empty fields are left out.
 * @param {FormData} form
 */
export function attributesOf(form) {
  const of = (/** @type {string} */ name) => typedIn(form, name).trim()
  const secret = typedIn(form, 'bmc_password')
  const login = { username: of('bmc_username'), password: secret }
  const kind = of('bmc_kind')
  const address = of('bmc_address')
  const bmc =
    kind === 'none' || address === ''
      ? {}
      : kind === 'redfish'
        ? { redfish: { url: address, ...login } }
        : { ipmi: { host: address, ...login } }
  const port = of('ssh_port')
  const ssh =
    of('ssh_address') === ''
      ? {}
      : {
          ssh: {
            host: of('ssh_address'),
            username: of('ssh_username'),
            ...(port === '' ? {} : { port: Number(port) }),
          },
        }
  return JSON.stringify({ ...bmc, ...ssh })
}

/** What is typed of a host. */
function HostFields() {
  const [kind, setKind] = useState('ipmi')
  return html`<${Field} label="Name" hint="Exactly as Compute calls the host.">
      <input name="name" required maxlength="255" autofocus />
    <//>
    <fieldset>
      <legend>BMC</legend>
      <div class="pair">
        <${Field} label="Kind">
          <select
            name="bmc_kind"
            value=${kind}
            onChange=${(/** @type {Event & { currentTarget: HTMLSelectElement }} */ event) =>
              setKind(event.currentTarget.value)}
          >
            <option value="ipmi">IPMI</option>
            <option value="redfish">Redfish</option>
            <option value="none">none</option>
          </select>
        <//>
        <${Field} label=${kind === 'redfish' ? 'URL of the machine' : 'Address'}>
          <input name="bmc_address" disabled=${kind === 'none'} required=${kind !== 'none'} />
        <//>
        <${Field} label="User">
          <input name="bmc_username" autocomplete="off" disabled=${kind === 'none'} />
        <//>
        <${Field} label="Password">
          <input
            name="bmc_password"
            type="password"
            autocomplete="new-password"
            disabled=${kind === 'none'}
          />
        <//>
      </div>
    </fieldset>
    <fieldset>
      <legend>SSH</legend>
      <div class="pair">
        <${Field} label="Address" hint="Empty: not asked over SSH."><input name="ssh_address" /><//>
        <${Field} label="User"><input name="ssh_username" autocomplete="off" /><//>
        <${Field} label="Port"><input name="ssh_port" inputmode="numeric" pattern="[0-9]*" /><//>
      </div>
    </fieldset>
    <label class="check"><input type="checkbox" name="reserved" /> Reserved: a spare</label>`
}

/** @param {{ segment: string, onSaved: (name: string) => void }} props */
export function HostForm({ segment, onSaved }) {
  const [results, setResults] = useState(
    /** @type {readonly ProbeResult[] | undefined} */ (undefined),
  )
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  const failed = results?.filter(({ ok }) => !ok) ?? []

  const save = async (/** @type {FormData} */ form) => {
    const name = typedIn(form, 'name').trim()
    const host = {
      name,
      type: 'COMPUTE',
      control_attributes: attributesOf(form),
      reserved: form.get('reserved') === 'on',
    }
    await call('POST', `v1/segments/${segment}/hosts`, { host })
    onSaved(name)
  }
  /** The first submit asks the host; when all answers are good, or the person insists, it is saved. */
  const submit = async (/** @type {SubmitEvent & { currentTarget: HTMLFormElement }} */ event) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    setBusy(true)
    setProblem('')
    try {
      if (failed.length > 0) await save(form)
      else {
        /** @type {{ results: ProbeResult[] }} */
        const answer = await call('POST', 'v1/probe', { control_attributes: attributesOf(form) })
        setResults(answer.results)
        if (answer.results.every(({ ok }) => ok)) await save(form)
      }
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
    setBusy(false)
  }
  return html`<form onSubmit=${submit} onInput=${() => setResults(undefined)}>
    <${HostFields} />
    ${
      results !== undefined &&
      html`<div role="status"><ul class="results">
        ${results.map(
          ({ channel, ok, text }) =>
            html`<li><${Tag} word=${channel} tone=${ok ? 'good' : 'bad'} /> ${text}</li>`,
        )}
        ${results.length === 0 && html`<li>There is nothing to ask.</li>`}
      </ul></div>`
    }
    ${problem !== '' && html`<p class="problem" role="alert">${problem}</p>`}
    <div class="actions">
      <button type="submit" class=${failed.length > 0 ? 'danger' : 'primary'} disabled=${isBusy}>
        ${failed.length > 0 ? 'Save it nevertheless' : 'Ask it, and save it'}
      </button>
    </div>
  </form>`
}
