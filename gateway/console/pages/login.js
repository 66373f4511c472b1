/** The log-in: by password, application credential, or token. */
import { useState } from 'preact/hooks'
import { ApiError, call } from './api.js'
import { Field, html, ICON } from './ui.js'
/** @import { SessionInfo } from './api-shapes.ts' */

const METHODS = [
  { method: 'password', title: 'Password' },
  { method: 'application-credential', title: 'Application credential' },
  { method: 'token', title: 'Token' },
]

/** @param {FormData} form */
function bodyOf(form) {
  const filled = [...form].filter(([, value]) => value !== '')
  return Object.fromEntries(filled)
}

/** @param {unknown} error */
function wordsFor(error) {
  if (!(error instanceof Error)) return String(error)
  const isRefused = error instanceof ApiError && error.status === 401
  return isRefused
    ? 'The Identity service does not accept this. Check the name, the secret, the domain and the project.'
    : error.message
}

/** @param {{ method: string }} props */
function Fields({ method }) {
  if (method === 'token') {
    return html`<${Field} label="Token" hint="As “openstack token issue” prints it.">
      <input name="token" type="password" required autocomplete="off" maxlength="8192" />
    <//>`
  }
  if (method === 'application-credential') {
    return html`<${Field} label="Id"
        ><input name="id" required autocomplete="username" maxlength="255"
      /><//>
      <${Field} label="Secret">
        <input name="secret" type="password" required autocomplete="current-password" />
      <//>`
  }
  return html`<${Field} label="User"
      ><input name="username" required autocomplete="username" maxlength="255"
    /><//>
    <${Field} label="Password">
      <input name="password" type="password" required autocomplete="current-password" />
    <//>
    <div class="pair">
      <${Field} label="Domain"><input name="domain" value="Default" maxlength="255" /><//>
      <${Field} label="Project" hint="Empty: the whole system.">
        <input name="project" maxlength="255" />
      <//>
    </div>`
}

/** @param {{ note: string, onEnter: (session: SessionInfo) => void }} props */
export function LoginPage({ note, onEnter }) {
  const [method, setMethod] = useState('password')
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  const enter = async (/** @type {SubmitEvent & { currentTarget: HTMLFormElement }} */ event) => {
    event.preventDefault()
    const body = { ...bodyOf(new FormData(event.currentTarget)), method }
    setBusy(true)
    setProblem('')
    try {
      onEnter(await call('POST', 'session', body))
    } catch (error) {
      setProblem(wordsFor(error))
      setBusy(false)
    }
  }
  return html`<main class="login">
    <form class="card" onSubmit=${enter}>
      <h1><img src=${ICON} alt="" width="32" height="32" /> Instance HA</h1>
      ${note !== '' && html`<p role="status">${note}</p>`}
      <fieldset>
        <legend>Log in by</legend>
        <div class="choices">
          ${METHODS.map(
            (each) =>
              html`<label
                ><input
                  type="radio"
                  name="method"
                  value=${each.method}
                  checked=${each.method === method}
                  onChange=${() => setMethod(each.method)}
                />${each.title}</label
              >`,
          )}
        </div>
      </fieldset>
      <${Fields} key=${method} method=${method} />
      ${problem !== '' && html`<p class="problem" role="alert">${problem}</p>`}
      <div class="actions">
        <button type="submit" class="primary" disabled=${isBusy}>Log in</button>
      </div>
    </form>
  </main>`
}
