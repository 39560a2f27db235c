// Keeps an open page true: asks for the same address every few seconds and changes only what is different and not in use.
"use strict";

(() => {
  const EVERY = 4000;
  const PATIENCE = 10_000;
  const parts = "[data-live][id], [data-live-rows][id]";
  if (!document.querySelector(parts)) return;

  const outage = document.getElementById("outage");
  let tag = null;
  let seen = new Date();
  let timer = null;
  let isAsking = false;
  // Something was saved here while an answer was on its way: it may still say how things stood before.
  let isOverdue = false;

  const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: document.body.dataset.zone });

  function start(delay = EVERY) {
    clearTimeout(timer);
    timer = document.visibilityState === "visible" ? setTimeout(ask, delay) : null;
  }

  async function ask() {
    if (isAsking) return;
    isAsking = true;
    isOverdue = false;
    try {
      const answer = await fetch(location.href.split("#")[0], {
        headers: tag ? { "X-Live": "1", "If-None-Match": tag } : { "X-Live": "1" },
        cache: "no-store",
        signal: AbortSignal.timeout(PATIENCE),
      });
      if (answer.redirected || answer.status === 401 || answer.status === 404) return;
      const html = answer.status === 200 ? await answer.text() : "";
      if (isOverdue) return start(0);
      if (html) update(new DOMParser().parseFromString(html, "text/html"));
      if (answer.status >= 500) lost();
      else found(answer);
      start();
    } catch (failure) {
      if (!(failure instanceof TypeError) && !(failure instanceof DOMException)) throw failure;
      lost();
      start();
    } finally {
      isAsking = false;
    }
  }

  function lost() {
    outage.querySelector("[data-last-seen]").textContent = clock.format(seen);
    outage.hidden = false;
  }

  function found(answer) {
    tag = answer.headers.get("ETag") ?? tag;
    seen = new Date(answer.headers.get("Date") ?? Date.now());
    outage.hidden = true;
    for (const stamp of document.querySelectorAll("[data-live-stamp]")) stamp.textContent = `${clock.format(seen)}, live`;
  }

  function update(page) {
    for (const part of document.querySelectorAll(parts)) {
      const fresh = page.getElementById(part.id);
      if (!fresh) continue;
      if ("liveRows" in part.dataset) updateRows(part, fresh);
      else if (part.innerHTML !== fresh.innerHTML && !isInUse(part)) swap(part, fresh);
    }
  }

  function updateRows(list, fresh) {
    const wanted = new Set([...fresh.children].map((row) => row.id));
    for (const row of [...list.children]) {
      if (!wanted.has(row.id) && !isInUse(row)) row.remove();
    }
    let here = list.firstElementChild;
    for (const row of [...fresh.children]) {
      const old = list.querySelector(`:scope > #${CSS.escape(row.id)}`);
      const now = old ? keepOrSwap(old, row) : row;
      if (now === here || old === here) here = now.nextElementSibling;
      else list.insertBefore(now, here);
    }
  }

  function keepOrSwap(old, fresh) {
    if (isSame(old, fresh) || isInUse(old)) return old;
    return swap(old, fresh);
  }

  /** Rows carry a revision; their tokens differ from answer to answer and say nothing. */
  function isSame(old, fresh) {
    if (!("revision" in old.dataset)) return old.outerHTML === fresh.outerHTML;
    const told = (row) => row.querySelector(".item-meta").textContent.replace(/\s+/g, " ");
    return old.dataset.revision === fresh.dataset.revision && told(old) === told(fresh);
  }

  /** Somebody is typing here, has a menu open, or waits for an answer. */
  function isInUse(part) {
    if (part.dataset.busy || part.querySelector("details[open]")) return true;
    if (part.contains(document.activeElement) && document.activeElement.matches("input, textarea, select")) return true;
    return [...part.querySelectorAll("input, textarea, select")].some(countersign.isTyped);
  }

  /** Put the new in place of the old; the focus stays on what it was on. */
  function swap(old, fresh) {
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const places = "a[href], button, summary, [tabindex]";
    const place = focused ? [old, ...old.querySelectorAll(places)].indexOf(focused) : -1;
    old.replaceWith(fresh);
    if (place >= 0) ([fresh, ...fresh.querySelectorAll(places)][place] ?? fresh).focus({ preventScroll: true });
    return fresh;
  }

  document.addEventListener("visibilitychange", () => start(0));
  document.addEventListener("countersign:saved", () => {
    isOverdue = true;
    start(0);
  });
  start();
})();
