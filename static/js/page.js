// What every page offers: one polite voice, dialogs, copying, filtering. Without this file everything still works.
"use strict";

window.countersign = (() => {
  const UNDO_MILLISECONDS = 10_000;
  const voice = document.getElementById("said");

  /** Say a sentence once, politely, to whoever listens instead of looking. */
  function say(sentence) {
    voice.textContent = "";
    setTimeout(() => { voice.textContent = sentence; }, 60);
  }

  /** An undo that would be refused is not offered. */
  function expireUndo(root) {
    for (const form of root.querySelectorAll("[data-undo]")) {
      setTimeout(() => {
        if (form.contains(document.activeElement)) form.closest("[data-row]")?.focus({ preventScroll: true });
        form.remove();
      }, UNDO_MILLISECONDS);
    }
  }

  return { say, expireUndo };
})();

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-open], [data-print], [data-copy]");
  for (const menu of document.querySelectorAll(".menu[open], .asks[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  if (!button) return;
  if (button.dataset.open) {
    button.closest(".menu")?.removeAttribute("open");
    document.getElementById(button.dataset.open)?.showModal();
  } else if (button.dataset.copy) {
    await copy(document.getElementById(button.dataset.copy));
  } else {
    window.print();
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reveal]");
  if (!button) return;
  const isShown = button.getAttribute("aria-pressed") === "true";
  button.setAttribute("aria-pressed", String(!isShown));
  document.getElementById(button.dataset.reveal).type = isShown ? "password" : "text";
});

// A password is sent as a password, so that no browser keeps it among the texts it offers again.
document.addEventListener("submit", (event) => {
  for (const button of event.target.querySelectorAll("[data-reveal][aria-pressed=true]")) button.click();
});

async function copy(source) {
  const text = source.value ?? source.textContent;
  try {
    await navigator.clipboard.writeText(text);
    countersign.say("Copied.");
  } catch (refusal) {
    // Without a secure connection the browser keeps its clipboard closed: leave the text selected instead.
    if (!(refusal instanceof DOMException) && !(refusal instanceof TypeError)) throw refusal;
    if (source.select) source.select();
    else getSelection().selectAllChildren(source);
    countersign.say("The text is selected. Copy it with the keyboard.");
  }
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details.menu[open], details.asks[open], details.more[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

document.addEventListener("input", (event) => {
  const rows = event.target.dataset?.filter;
  if (!rows) return;
  const wanted = event.target.value.trim().toLocaleLowerCase();
  let shown = 0;
  for (const row of document.querySelectorAll(rows)) {
    row.hidden = wanted !== "" && !row.textContent.toLocaleLowerCase().includes(wanted);
    shown += row.hidden ? 0 : 1;
  }
  for (const bundle of document.querySelectorAll(".bundle:has(.items)")) {
    bundle.hidden = bundle.querySelector(".items > li:not([hidden])") === null;
  }
  countersign.say(`${shown} rows`);
});

window.addEventListener("beforeprint", () => {
  const { zone } = document.body.dataset;
  const moment = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "medium", timeZone: zone }).format(new Date());
  for (const place of document.querySelectorAll("[data-printed]")) place.textContent = `, ${moment} (${zone})`;
});

countersign.expireUndo(document);
document.querySelector("[data-summary]")?.focus();
for (const notice of document.querySelectorAll("[data-flash] > p")) countersign.say(notice.textContent);
// A wide window has room for the list of groups beside the page; a narrow one folds it.
const wide = matchMedia("(min-width: 861px)");
function unfold() {
  for (const list of document.querySelectorAll("details.groups")) list.open = wide.matches;
}
wide.addEventListener("change", unfold);
unfold();

const chosenGroup = document.querySelector(".groups [aria-current]");
if (chosenGroup) {
  const list = chosenGroup.closest(".groups");
  if (chosenGroup.offsetTop + chosenGroup.offsetHeight > list.clientHeight) list.scrollTop = chosenGroup.offsetTop - list.clientHeight / 2;
}
// A link may name one form of a row: it opens with everything around it.
const named = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
for (let fold = named && named.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
