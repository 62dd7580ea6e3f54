// The page is complete without this. With it an open page follows what happens: the
// server sends the part that changes when it differs, and only what differs in it is
// touched, so that focus, selection and scrolling stay where they are.
"use strict";

(() => {
  const region = document.getElementById("region");
  const live = document.getElementById("live");
  const stale = document.getElementById("stale");
  const asof = document.getElementById("asof");
  if (!region) return;

  // Silence longer than some beats of the server (10 s) is a lost connection.
  const patience = 25000;
  let source = null;
  let heard = 0;       // when the server was last heard, by our clock
  let retry = 0;       // timer of the next attempt
  let attempts = 0;
  let ahead = 0;       // how far the server's clock is ahead of ours, ms

  // Times.

  function span(ms) {
    const s = Math.floor(Math.abs(ms) / 1000);
    if (s < 60) return s + " s";
    if (s < 3600) return Math.floor(s / 60) + " min";
    if (s < 48 * 3600) return Math.floor(s / 3600) + " h";
    return Math.floor(s / 86400) + " days";
  }

  function relative(ms) {
    if (Math.abs(ms) < 5000) return "just now";
    return ms > 0 ? "in " + span(ms) : span(ms) + " ago";
  }

  function tellTimes() {
    const now = Date.now() + ahead;
    for (const t of region.querySelectorAll("time[datetime]")) {
      const ms = Date.parse(t.dateTime) - now;
      const text = "span" in t.dataset ? span(ms) : relative(ms);
      if (t.textContent !== text) t.textContent = text;
    }
  }

  // tellClock says how old what is shown is; of the server's clock, to the second.
  function tellClock(iso) {
    if (!asof) return;
    asof.dateTime = iso;
    asof.textContent = iso.replace("T", " ").replace("Z", " UTC");
  }

  function setClock(iso) {
    const at = Date.parse(iso);
    if (isNaN(at)) return;
    ahead = at - Date.now();
    tellClock(iso);
  }

  // Changing the page.

  const keyOf = (n) => (n.nodeType === Node.ELEMENT_NODE && n.id) || "";
  const alike = (a, b) => a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);

  const blank = (n) => n.nodeType === Node.TEXT_NODE && !n.data.trim();

  // morph makes what is in "to" of what is in "from", touching as little as it can.
  function morph(from, to, flash) {
    const rows = new Map();
    const wanted = new Set();
    for (const c of to.children) if (c.id) wanted.add(c.id);
    for (const c of Array.from(from.children)) {
      if (c.id && !wanted.has(c.id)) c.remove(); // first, so that what stays need not be moved
      else if (c.id) rows.set(c.id, c);
    }
    let at = from.firstChild;
    for (const want of Array.from(to.childNodes)) {
      const id = keyOf(want);
      if (id && rows.has(id) && rows.get(id) !== at) {
        from.insertBefore(rows.get(id), at);
        at = rows.get(id);
      }
      while (at && blank(at) && !blank(want)) {
        const next = at.nextSibling;
        at.remove();
        at = next;
      }
      if (!at || !alike(at, want)) {
        const fresh = document.importNode(want, true);
        from.insertBefore(fresh, at);
        if (flash && fresh.nodeType === Node.ELEMENT_NODE) fresh.classList.add("changed");
        continue;
      }
      const next = at.nextSibling;
      if (at.nodeType === Node.TEXT_NODE) {
        if (at.data !== want.data) {
          at.data = want.data;
          if (flash && !blank(want) && !at.parentNode.closest("time")) mark(at.parentNode);
        }
      } else if (!at.isEqualNode(want)) {
        attributes(at, want, flash);
        morph(at, want, flash);
      }
      at = next;
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  }

  function attributes(from, to, flash) {
    for (const a of Array.from(from.attributes)) if (!to.hasAttribute(a.name)) from.removeAttribute(a.name);
    for (const a of to.attributes) {
      if (from.getAttribute(a.name) === a.value) continue;
      from.setAttribute(a.name, a.value);
      if (flash && a.name === "class") mark(from);
    }
  }

  // mark shows that something has just changed.
  function mark(node) {
    const place = node.closest("td, th, dd, li, a") || node;
    if (place === region) return;
    place.classList.remove("changed");
    void place.offsetWidth; // starts the animation anew
    place.classList.add("changed");
  }

  document.addEventListener("animationend", (e) => e.target.classList.remove("changed"));

  function show(html, flash) {
    // The parser drops what is blank at the beginning of a body, but not of a section.
    const parsed = new DOMParser().parseFromString("<div>" + html + "</div>", "text/html");
    const focused = document.activeElement;
    morph(region, parsed.body.firstChild, flash);
    if (focused && focused.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true }); // it was moved
    tellTimes();
  }

  // The stream.

  function say(text, off) {
    if (live.textContent !== text) live.textContent = text;
    live.classList.toggle("off", off);
  }

  function alive() {
    heard = Date.now();
    attempts = 0;
    say("live", false);
    if (!stale.hidden) {
      stale.hidden = true;
      stale.textContent = "";
    }
  }

  function lost() {
    say("not live", true);
    if (stale.hidden) {
      stale.textContent = "Not live: the gateway does not answer, or keeps as many pages up to date as it can. What you see is old, as of " +
        (asof ? asof.textContent : "some time ago") + ". Trying again…";
      stale.hidden = false;
    }
  }

  function open() {
    close();
    const at = region.dataset.live;
    const to = at + (at.includes("?") ? "&" : "?") + "has=" + encodeURIComponent(region.dataset.digest);
    const mine = source = new EventSource(to);
    heard = Date.now();
    mine.addEventListener("region", (e) => {
      alive();
      region.dataset.digest = e.lastEventId;
      show(e.data, true);
      tellClock(new Date(Date.now() + ahead).toISOString().slice(0, 19) + "Z");
    });
    mine.addEventListener("beat", (e) => {
      alive();
      setClock(e.data);
    });
    mine.addEventListener("gone", () => location.reload());
    mine.onerror = () => {
      if (source !== mine) return;
      lost();
      // The browser tries again by itself unless it was refused.
      if (mine.readyState === EventSource.CLOSED) {
        again();
        refused();
      }
    };
  }

  // refused shows what there is to say when the page is not ours to see any more.
  async function refused() {
    try {
      const answer = await fetch(location.href, { method: "HEAD", credentials: "same-origin" });
      if ([401, 403, 404].includes(answer.status)) location.reload();
    } catch {
      // It does not answer, which is told already.
    }
  }

  function close() {
    clearTimeout(retry);
    if (source) source.close();
    source = null;
  }

  function again() {
    close();
    attempts = Math.min(attempts + 1, 6);
    retry = setTimeout(open, 1000 * 2 ** (attempts - 1));
  }

  setInterval(() => {
    tellTimes();
    if (source && Date.now() - heard > patience) {
      lost();
      again();
    }
  }, 5000);

  // A page that nobody sees needs no stream; the browser's own pages in the background
  // would hold one of the few connections it has.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else if (!source) open();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (e) => { if (e.persisted) open(); });

  // Searching while typing.

  const form = document.getElementById("search");
  let typing = 0;
  let asked = null;

  function address() {
    const all = new URLSearchParams();
    for (const [key, value] of new FormData(form)) if (value) all.append(key, value);
    const query = all.toString();
    // From the origin: a page that was opened with user and password in its address
    // has both in its base, and nothing may be fetched from there.
    return location.origin + form.getAttribute("action") + (query ? "?" + query : "");
  }

  function remember(to) {
    try {
      history.replaceState(null, "", to);
    } catch {
      // A page with a password in its address keeps that address.
    }
  }

  async function search() {
    const to = address();
    if (asked) asked.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(to, { signal: asked.signal, credentials: "same-origin" });
      if (!answer.ok) return;
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = parsed.getElementById("region");
      if (!fresh) return;
      for (const name of ["live", "digest", "now"]) region.dataset[name] = fresh.dataset[name];
      morph(region, fresh, false);
      setClock(region.dataset.now);
      tellTimes();
      remember(to);
      open();
    } catch (e) {
      if (e.name !== "AbortError") lost();
    }
  }

  if (form) {
    form.addEventListener("submit", (e) => { e.preventDefault(); clearTimeout(typing); search(); });
    form.addEventListener("input", (e) => {
      clearTimeout(typing);
      typing = setTimeout(search, e.target.tagName === "SELECT" ? 0 : 250);
    });
  }

  setClock(region.dataset.now);
  tellTimes();
  if (document.hidden) return;
  open();
})();
