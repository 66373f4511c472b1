/** Commands of operators: only those that fit, each with a reason; what cannot be undone asks for the host's name. */
import { useState } from 'preact/hooks'
import { call, get, may } from './api.js'
import { useEvents, useThrottled } from './live.js'
import { hrefOf } from './route.js'
import { Dialog, Empty, Field, html, Missing, Table, Tag, Time, useData } from './ui.js'
import { HostName, typeWord } from './notifications.js'
/** @import { Command, Commands, NotificationInfo } from './api-shapes.ts' */

/**
 * @typedef {object} Meaning
 * @property {string} title
 * @property {string} text what happens
 * @property {boolean} isFinal true when it cannot be taken back
 */

/** @type {Readonly<Record<string, Meaning>>} */
const MEANINGS = {
  approve: {
    title: 'Approve',
    text: 'The recovery acts although the storm guard, a cut link or our own blindness holds it. The host may be powered off.',
    isFinal: true,
  },
  'confirm-dead': {
    title: 'Confirm dead',
    text: 'You vouch that the host is without power and stays so. Its instances start elsewhere: if the host still runs, their disks are destroyed.',
    isFinal: true,
  },
  'let-back': {
    title: 'Let back',
    text: 'The host returns into service as soon as every check passes.',
    isFinal: false,
  },
  pause: { title: 'Pause', text: 'Nothing new is begun until you resume.', isFinal: false },
  resume: { title: 'Resume', text: 'The recovery goes on.', isFinal: false },
  cancel: {
    title: 'Cancel',
    text: 'The recovery ends. Instances that were not moved stay where they are.',
    isFinal: true,
  },
  retry: {
    title: 'Retry',
    text: 'The recovery begins again, and moves the instances that were not moved.',
    isFinal: false,
  },
  stop: {
    title: 'Stop everything',
    text: 'No recovery of any segment takes a step that cannot be undone, until you release them.',
    isFinal: false,
  },
  release: { title: 'Release', text: 'All recoveries go on.', isFinal: false },
}

/** @param {string} kind @returns {Meaning} */
const meaningOf = (kind) => MEANINGS[kind] ?? { title: kind, text: '', isFinal: true }

/** @param {(text: string) => void} set */
const typing = (set) => (/** @type {InputEvent & { currentTarget: HTMLInputElement }} */ event) =>
  set(event.currentTarget.value)

/**
 * @param {{ kind: string, path: string, name: string, onClose: () => void, onGiven: () => void }} props
 */
function CommandDialog({ kind, path, name, onClose, onGiven }) {
  const { title, text, isFinal } = meaningOf(kind)
  const [reason, setReason] = useState('')
  const [typed, setTyped] = useState('')
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)
  const isReady = reason.trim() !== '' && (!isFinal || typed === name)
  const give = async (/** @type {Event} */ event) => {
    event.preventDefault()
    if (!isReady) {
      setProblem(reason.trim() === '' ? 'Say why.' : `Type ${name} exactly.`)
      return
    }
    setBusy(true)
    try {
      await call('POST', path, { command: { kind, reason: reason.trim() } })
      onGiven()
      onClose()
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
      setBusy(false)
    }
  }
  return html`<${Dialog} title="${title}${name === '' ? '' : `: ${name}`}" onClose=${onClose}>
    <form onSubmit=${give}>
      <p>${text}</p>
      <${Field} label="Reason" hint="It is kept with your name.">
        <input
          name="reason"
          maxlength="1000"
          value=${reason}
          onInput=${typing(setReason)}
          autofocus
        />
      <//>
      ${
        isFinal &&
        html`<${Field} label="Type ${name} to go on" hint="This cannot be taken back.">
          <input
            name="typed"
            autocomplete="off"
            spellcheck=${false}
            value=${typed}
            onInput=${typing(setTyped)}
          />
        <//>`
      }
      ${problem !== '' && html`<p class="problem" role="alert">${problem}</p>`}
      <div class="actions">
        <button type="button" onClick=${onClose}>Leave it</button>
        <button
          type="submit"
          class=${isFinal ? 'danger' : 'primary'}
          disabled=${isBusy || !isReady}
        >
          ${title}
        </button>
      </div>
    </form>
  <//>`
}

/** @param {{ commands: readonly Command[] }} props */
function Given({ commands }) {
  if (commands.length === 0) return html`<${Empty} text="No command was given." />`
  return html`<ul class="given">
    ${commands.toReversed().map(
      (command) =>
        html`<li>
            <b>${meaningOf(command.kind).title}</b>${` by ${command.operator}, `}<${Time}
              at=${command.given_at}
            />${`: ${command.reason}`}
          </li>`,
    )}
  </ul>`
}

/**
 * The commands of one recovery.
 * @param {{ id: string, hostName: string, status: string, onGiven: () => void }} props
 */
export function CommandPanel({ id, hostName, status, onGiven }) {
  const path = `v1/notifications/${encodeURIComponent(id)}/commands`
  return html`<${Panel}
    title="Commands"
    path=${path}
    name=${hostName}
    inputs=${[id, status]}
    mayGive=${may('notifications:command')}
    onGiven=${onGiven}
  />`
}

/**
 * @param {{ title: string, path: string, name: string, inputs: readonly string[], mayGive: boolean,
 *   onGiven: () => void }} props
 */
function Panel({ title, path, name, inputs, mayGive, onGiven }) {
  const [open, setOpen] = useState('')
  const { data, error, reload } = useData(
    /** @returns {Promise<Commands>} */ () => get(path),
    [path, ...inputs],
  )
  return html`<section class="card">
    <h2>${title}</h2>
    ${
      data === undefined
        ? html`<${Missing} error=${error} retry=${reload} />`
        : html`${
            mayGive &&
            html`<div class="buttons">
                ${data.possible.map(
                  (kind) =>
                    html`<button
                      type="button"
                      class=${meaningOf(kind).isFinal || kind === 'stop' ? 'danger' : ''}
                      onClick=${() => setOpen(kind)}
                    >
                      ${meaningOf(kind).title}
                    </button>`,
                )}
                ${data.possible.length === 0 && html`<p class="faint">No command fits now.</p>`}
              </div>`
          } <${Given} commands=${data.commands} />`
    }
    ${
      open !== '' &&
      html`<${CommandDialog}
        kind=${open}
        path=${path}
        name=${name}
        onClose=${() => setOpen('')}
        onGiven=${() => {
          void reload()
          onGiven()
        }}
      />`
    }
  </section>`
}

/** What waits for an operator, and the commands for all recoveries. */
export function CommandsPage() {
  const { data, error, reload } = useData(async () => {
    const lists = await Promise.all(
      ['new', 'running', 'error'].map((status) =>
        get(`v1/notifications?status=${status}&limit=100`),
      ),
    )
    return lists.flatMap(
      (/** @type {{ notifications: NotificationInfo[] }} */ { notifications }) => notifications,
    )
  }, [])
  const again = useThrottled(() => void reload(), 1000)
  useEvents(({ type }) => {
    if (type === 'recovery.stepped' || type === 'gap') again()
  })
  return html`<div class="page-head"><h1>Commands</h1></div>
    <${Panel}
      title="All recoveries"
      path="v1/commands"
      name=""
      inputs=${[]}
      mayGive=${may('commands:give')}
      onGiven=${() => void reload()}
    />
    <section class="card">
      <h2>Recoveries that have not ended</h2>
      ${
        data === undefined
          ? html`<${Missing} error=${error} retry=${reload} />`
          : data.length === 0
            ? html`<${Empty} text="All recoveries have ended." />`
            : html`<${Table} label="Recoveries" heads=${['Host', 'Type', 'Status', 'Says', 'Commands']}>
                ${data.map(
                  (row) =>
                    html`<tr key=${row.notification_uuid}>
                      <td><${HostName} id=${row.source_host_uuid} /></td>
                      <td class="type">${typeWord(row.type)}</td>
                      <td><${Tag} word=${row.status} /></td>
                      <td class="wide">${row.message ?? '–'}</td>
                      <td>
                        <a href=${hrefOf('notifications', row.notification_uuid)}
                          >Open its commands</a
                        >
                      </td>
                    </tr>`,
                )}
              <//>`
      }
    </section>`
}
