// Single-key shortcuts. They rest while somebody types, and stay off for whoever switched them off.
"use strict";

(() => {
  if (document.body.dataset.shortcuts !== "on") return;
  const rows = "[data-row], .matrix tbody tr, .lines > li, .items-table tbody tr";

  const acts = {
    j: () => move(1),
    k: () => move(-1),
    x: () => tick(),
    " ": () => tick(),
    n: () => openWaiver(),
    b: () => goTo(document.body.dataset.blockers),
    "/": () => focusFilter(),
    "?": () => document.getElementById("shortcuts").showModal(),
  };

  // Alt and an arrow move a row of a draft from anywhere inside it.
  document.addEventListener("keydown", (event) => {
    const way = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    if (!way || !event.altKey || event.ctrlKey || event.metaKey) return;
    const button = event.target.closest("[data-mover]")?.querySelector(`[data-move="${way}"]`);
    if (!button) return;
    event.preventDefault();
    if (!button.disabled) button.click();
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !(event.key in acts)) return;
    if (event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog[open]")) return;
    // Space belongs to whatever control has the focus; only a row that is focused itself gives it to us.
    if (event.key === " " && !event.target.matches("[data-row]")) return;
    if (acts[event.key]() !== false) event.preventDefault();
  });

  const shown = () => [...document.querySelectorAll(rows)].filter((row) => row.checkVisibility());
  const here = () => document.activeElement.closest(rows) ?? document.querySelector(".item.is-here");

  function move(step) {
    const all = shown();
    const at = all.indexOf(here());
    const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step];
    if (!next) return false;
    const target = next.matches("[data-row]") ? next : next.querySelector(".first-blocker a, a");
    target.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  }

  function tick() {
    const button = here()?.querySelector("[data-tick]");
    if (!button) return false;
    button.focus({ preventScroll: true });
    button.click();
    return true;
  }

  function openWaiver() {
    if (!here()?.matches("[data-row]")) return false;
    showWaiver(here());
    return true;
  }

  async function showWaiver(folded) {
    const form = (await countersign.unfold(folded))?.querySelector('[id^="waive-"]');
    if (!form) return;
    form.closest(".more").open = true;
    form.open = true;
    form.querySelector("input:checked, select").focus();
  }

  function focusFilter() {
    const field = document.querySelector("[data-filter-focus]");
    if (!field) return false;
    const fold = field.closest("details");
    if (fold) fold.open = true;
    field.focus();
    return true;
  }

  function goTo(address) {
    if (!address) return false;
    location.assign(address);
    return true;
  }
})();
