/** Draws the console: who is there, which page is shown, and how to reach the others. */
import { render } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { ApiError, call, get, may, takeSession, whenSessionEnds } from './api.js'
import { CommandsPage } from './commands.js'
import { FeedPage } from './feed.js'
import { forgetFleet, readFleet } from './fleet-data.js'
import { FleetPage } from './fleet.js'
import { HostPage } from './host.js'
import { keepAlive } from './idle.js'
import { connect, disconnect, useLiveState } from './live.js'
import { LoginPage } from './login.js'
import { MemberPage } from './member.js'
import { MovesPage } from './moves.js'
import { NodesPage } from './nodes.js'
import { NotificationPage } from './notification.js'
import { NotificationsPage } from './notifications.js'
import { hrefOf, routeOf, useRoute } from './route.js'
import { SegmentsPage } from './segments.js'
import { html, ICON, Missing } from './ui.js'
/** @import { SessionInfo } from './api-shapes.ts' */
/** @import { Route } from './route.js' */

/** The pages in the menu, each for those who may use it. */
const MENU = [
  { page: 'fleet', title: 'Fleet', action: 'os-hosts:index' },
  { page: 'notifications', title: 'Notifications', action: 'notifications:index' },
  { page: 'moves', title: 'VM moves', action: 'vmoves:index' },
  { page: 'segments', title: 'Segments', action: 'segments:index' },
  { page: 'commands', title: 'Commands', action: 'commands:index' },
  { page: 'nodes', title: 'Nodes', action: 'supervisors:index' },
  { page: 'feed', title: 'Live feed', action: 'events:index' },
  { page: 'instances', title: 'My instances', action: 'instances:index' },
]

/** @param {SessionInfo} session */
function menuFor(session) {
  const { project_id: project, login } = session
  return MENU.filter(
    ({ page, action }) => may(action) && (page !== 'instances' || project !== null || !login),
  )
}

/** @param {{ route: Route, session: SessionInfo }} props */
function Page({ route, session }) {
  const { page, id } = route
  switch (page) {
    case 'fleet':
      return html`<${FleetPage} />`
    case 'notifications':
      return id === ''
        ? html`<${NotificationsPage} route=${route} />`
        : html`<${NotificationPage} key=${id} id=${id} />`
    case 'moves':
      return html`<${MovesPage} route=${route} />`
    case 'segments':
      return html`<${SegmentsPage} id=${id} />`
    case 'hosts':
      return html`<${HostPage} key=${id} id=${id} />`
    case 'commands':
      return html`<${CommandsPage} />`
    case 'nodes':
      return html`<${NodesPage} />`
    case 'feed':
      return html`<${FeedPage} />`
    case 'instances':
      return html`<${MemberPage} session=${session} />`
    default:
      return html`<p class="empty">There is no such page. <a href="#/fleet">Go to the fleet</a></p>`
  }
}

const LIVE_WORDS = { live: 'live', connecting: 'connecting…', off: 'not live' }

function LiveSign() {
  const state = useLiveState()
  const word = state === 'live' || state === 'connecting' ? LIVE_WORDS[state] : LIVE_WORDS.off
  return html`<span class="live ${state}" role="status">${word}</span>`
}

/** @param {{ session: SessionInfo, onLeave: () => void }} props */
function Frame({ session, onLeave }) {
  const asked = useRoute()
  const menu = menuFor(session)
  const first = menu[0]?.page ?? 'fleet'
  const isHome = location.hash === '' || location.hash === '#/'
  const route = isHome ? { ...asked, page: first } : asked
  const main = useRef(/** @type {HTMLElement | null} */ (null))
  const isFirst = useRef(true)
  const current = route.page === 'hosts' ? 'fleet' : route.page
  const title = MENU.find(({ page }) => page === current)?.title ?? 'Console'
  useEffect(() => {
    document.title = `${title} – Instance HA`
    // A person who uses a keyboard or a screen reader begins at the new page, not in the menu.
    if (!isFirst.current) main.current?.focus()
    isFirst.current = false
  }, [route.page, route.id])
  return html`<a
      class="skip"
      href="#main"
      onClick=${(/** @type {Event} */ event) => {
        event.preventDefault()
        main.current?.focus()
      }}
      >Skip to the page</a
    >
    <header class="bar-top">
      <a class="brand" href="#/">
        <img src=${ICON} alt="" width="24" height="24" />
        <span>Instance HA</span>
      </a>
      <nav class="menu" aria-label="Pages">
        ${menu.map(
          ({ page, title: name }) =>
            html`<a href=${hrefOf(page)} aria-current=${page === current ? 'page' : undefined}
              >${name}</a
            >`,
        )}
      </nav>
      <div class="who">
        ${may('events:index') && html`<${LiveSign} />`}
        <span class="name" title=${session.roles.join(', ')}>${session.name}</span>
        ${session.login && html`<button type="button" onClick=${onLeave}>Log out</button>`}
      </div>
    </header>
    <main id="main" tabindex="-1" ref=${main}>
      <${Page} route=${route} session=${session} />
    </main>`
}

function App() {
  const [session, setSession] = useState(/** @type {SessionInfo | undefined} */ (undefined))
  const [isAsked, setAsked] = useState(false)
  const [problem, setProblem] = useState(/** @type {Error | undefined} */ (undefined))
  const [note, setNote] = useState('')
  const enter = (/** @type {SessionInfo} */ next) => {
    takeSession(next)
    setSession(next)
    setNote('')
    if (may('events:index')) connect('v1/events')
    else if (may('instances:events')) connect('v1/instances/events')
  }
  const forget = (/** @type {string} */ why) => {
    takeSession(undefined)
    setSession(undefined)
    setNote(why)
    forgetFleet()
    disconnect()
  }
  const leave = async (/** @type {string} */ why) => {
    try {
      await call('DELETE', 'session')
    } catch {
      // The cookie ends by itself; the page forgets everything in any case.
    }
    forget(why)
  }
  const ask = async () => {
    setProblem(undefined)
    try {
      enter(await get('session'))
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) {
        setProblem(error instanceof Error ? error : new Error(String(error)))
      }
    }
    setAsked(true)
  }
  useEffect(() => {
    whenSessionEnds(() => forget('Your session is over. Log in again.'))
    void ask()
  }, [])
  useEffect(() => {
    if (session === undefined || !session.login) return undefined
    return keepAlive(session.idle_seconds * 1000, {
      onUsed: () => void call('PUT', 'session').catch(() => {}),
      onIdle: () => void leave('You were logged out, because nobody used the page.'),
    })
  }, [session])
  if (problem !== undefined) return html`<main><${Missing} error=${problem} retry=${ask} /></main>`
  if (!isAsked) return html`<main><${Missing} error=${undefined} /></main>`
  if (session === undefined) return html`<${LoginPage} note=${note} onEnter=${enter} />`
  return html`<${Frame} session=${session} onLeave=${() => void leave('You are logged out.')} />`
}

// Most people begin with the fleet, so it is asked for together with the session.
if (routeOf(location.hash).page === 'fleet') void readFleet()
const place = document.querySelector('#app')
if (place !== null) render(html`<${App} />`, place)
