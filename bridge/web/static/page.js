// The page is whole without this. It keeps what is shown up to date: /events sends parts of
// the page as the server would make them now, and each is put in the place of the old one
// without touching what has not changed, so that focus, scrolling and what is open stay.
"use strict";

const byId = id => document.getElementById(id);
const keyOf = node => node.nodeType === Node.ELEMENT_NODE ? node.id || node.dataset.key || "" : "";

// become makes an element like another one.
function become(old, fresh) {
  for (const { name, value } of fresh.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && name !== "open") old.removeAttribute(name); // what is open is the reader's
  }
  children(old, fresh);
}

// children makes the content of an element like that of another one. Rows have keys.
function children(old, fresh) {
  const wanted = new Set([...fresh.childNodes].map(keyOf));
  const kept = new Map();
  for (const node of [...old.childNodes]) {
    const key = keyOf(node);
    if (key && !wanted.has(key)) node.remove();
    else if (key) kept.set(key, node);
  }
  let at = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const key = keyOf(next);
    const same = key ? kept.get(key) : at && !keyOf(at) && at.nodeName === next.nodeName ? at : null;
    if (!same) {
      old.insertBefore(next, at);
      continue;
    }
    if (same === at) at = at.nextSibling;
    else old.insertBefore(same, at);
    if (same.nodeType === Node.ELEMENT_NODE) become(same, next);
    else if (same.data !== next.data) same.data = next.data;
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function put(id, html) {
  const place = byId(id);
  if (!place) return;
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  children(place, fresh.content);
}

// The life of one message: on its own page, or in the panel beside the list.
const panel = byId("panel");
let open = panel ? "" : location.pathname;

async function showLife(answer) {
  const text = await answer.text();
  const life = new DOMParser().parseFromString(text, "text/html").getElementById("life");
  const place = panel ? byId("shown") : byId("life").parentNode;
  if (!life) {
    const notice = Object.assign(document.createElement("p"), { className: "notice bad", textContent: text });
    notice.setAttribute("role", "alert");
    place.prepend(notice);
  } else if (byId("life")) {
    place.querySelectorAll(":scope > .notice").forEach(notice => notice.remove());
    become(byId("life"), life);
  } else {
    place.replaceChildren(life);
  }
}

async function refreshLife() {
  const path = open;
  if (!path) return;
  const answer = await fetch(path);
  if (answer.ok && path === open) await showLife(answer);
}

const busy = promise => promise.catch(() => {}); // the stream tells when the connection is lost

document.addEventListener("click", event => {
  const link = event.target.closest("a[data-life]");
  if (!panel || !link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  open = link.getAttribute("href");
  byId("shown").replaceChildren();
  busy(refreshLife().then(() => { if (!panel.open) panel.showModal(); }));
});
panel?.addEventListener("close", () => { open = ""; });
panel?.addEventListener("click", event => { if (event.target === panel) panel.close(); });

document.addEventListener("submit", event => {
  if (!event.target.matches("form[data-tend]")) return;
  event.preventDefault();
  busy(fetch(event.target.action, { method: "POST" }).then(showLife));
});

// The stream is open only while the page is seen.
const lost = byId("lost");
let stream, lostAt, again;
const seen = () => lost && !document.hidden; // a page without that line shows nothing that changes

function connect() {
  disconnect();
  stream = new EventSource("/events");
  stream.onopen = () => { lost.hidden = true; lostAt = null; };
  stream.onmessage = event => {
    for (const [id, html] of Object.entries(JSON.parse(event.data))) put(id, html);
    busy(refreshLife());
  };
  stream.onerror = () => {
    lostAt ??= new Date().toISOString().slice(11, 19);
    lost.textContent = `Connection lost since ${lostAt}. What is shown is as it was then.`;
    lost.hidden = false;
    if (stream.readyState === EventSource.CLOSED) again = setTimeout(connect, 5000);
  };
}

function disconnect() {
  clearTimeout(again);
  stream?.close();
}

document.addEventListener("visibilitychange", () => seen() ? connect() : disconnect());
if (seen()) connect();
