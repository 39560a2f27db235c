// Saves one row without leaving the page. The row on the page is always the server's: nothing looks saved that is not.
"use strict";

(() => {
  const PATIENCE = 20_000;

  document.addEventListener("submit", (event) => {
    const form = event.target;
    const row = form.closest("[data-row]");
    if (!row || !("async" in form.dataset) || event.defaultPrevented) return;
    event.preventDefault();
    if (row.dataset.busy) return;
    const isOtherAddress = event.submitter?.hasAttribute("formaction");
    if (form.dataset.needsReason && !isOtherAddress) askForReason(row, form.dataset.needsReason);
    else save(row, form, event.submitter);
  });

  // The answer may come between the two clicks of a double click: the second one would take the tick away again.
  document.addEventListener("click", (event) => {
    if (event.detail > 1 && event.target.closest("[data-tick]")) event.preventDefault();
  });

  /** The forms of a row are fetched when somebody wants them. The link leads to them anyway. */
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("[data-more]");
    if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const row = await unfold(link.closest("[data-row]"));
    row?.querySelector(".more > summary").focus({ preventScroll: true });
  });

  /** The row with its forms; nothing when they could not be had. */
  async function unfold(row) {
    const link = row.querySelector("[data-more]");
    if (!link) return row;
    if (row.dataset.busy) return null;
    row.dataset.busy = "yes";
    try {
      const back = row.querySelector('[name="back"]');
      const address = back ? `${link.href}?${new URLSearchParams({ back: back.value })}` : link.href;
      const answer = await fetch(address, { headers: fragment(row), signal: AbortSignal.timeout(PATIENCE) });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = answer.ok && !answer.redirected ? page.getElementById(row.id) : null;
      if (!fresh) return notOpened(row, link, answer, page);
      carryTyped(row, fresh, null);
      row.replaceWith(fresh);
      countersign.expireUndo(fresh);
      return fresh;
    } catch (failure) {
      if (!(failure instanceof TypeError) && !(failure instanceof DOMException)) throw failure;
      refuse(row, "Countersign does not answer. Try again when the connection is back.", "Not opened:");
      return null;
    } finally {
      delete row.dataset.busy;
    }
  }

  /** Whoever has typed nothing can go and sign in; nobody else is sent away from what they typed. */
  function notOpened(row, link, answer, page) {
    const hasEnded = answer.redirected || answer.status === 401;
    const isTyped = [...document.querySelectorAll("main :is(input, textarea, select)")].some(countersign.isTyped);
    if (hasEnded && !isTyped) location.assign(link.href);
    else refuse(row, hasEnded ? "Your session has ended." : page.querySelector(".lead")?.textContent ?? "Something went wrong.", "Not opened:");
    return null;
  }

  /** A list of many rows shows each of them in short. Forms come along where they always stand, or are half typed. */
  function fragment(row, sent = null) {
    const headers = { "HX-Request": "true" };
    if (row.closest(".is-compact")) headers["X-Compact"] = "1";
    const forms = row.querySelector(".more");
    if (forms && (row.closest(".one-item") || typedIn(forms, sent).length)) headers["X-Forms"] = "1";
    return headers;
  }

  const typedIn = (part, sent) => [...part.querySelectorAll("input[id], textarea[id], select[id]")]
    .filter((field) => field.form !== sent && countersign.isTyped(field));

  countersign.unfold = unfold;

  /** Somebody else put this tick here: taking it away starts with a sentence. */
  async function askForReason(folded, name) {
    const row = await unfold(folded);
    if (!row) return;
    const part = document.getElementById(name);
    if (!part) {
      countersign.say(`${row.querySelector(".item-text").textContent}: ${row.querySelector(".item-meta").dataset.word} by now.`);
      return;
    }
    part.closest(".more").open = true;
    part.open = true;
    part.querySelector('[value="todo"]').checked = true;
    part.querySelector('[name="reason"]').focus();
    countersign.say("Somebody else ticked this. Say why it is not done.");
  }

  async function save(row, form, submitter) {
    row.dataset.busy = "yes";
    row.classList.add("is-saving");
    const address = submitter?.hasAttribute("formaction") ? submitter.formAction : form.action;
    try {
      const answer = await fetch(address, {
        method: "POST",
        body: new URLSearchParams(new FormData(form, submitter)),
        headers: fragment(row, form),
        signal: AbortSignal.timeout(PATIENCE),
      });
      if (answer.status === 401) return sendPlainly(form, submitter);
      take(row, form, answer, await answer.text());
    } catch (failure) {
      if (!(failure instanceof TypeError) && !(failure instanceof DOMException)) throw failure;
      refuse(row, "Countersign does not answer. Try again when the connection is back.");
    } finally {
      delete row.dataset.busy;
      row.classList.remove("is-saving");
    }
  }

  /** The session has ended: the ordinary way keeps what was typed and asks to sign in. */
  function sendPlainly(form, submitter) {
    delete form.dataset.async;
    form.requestSubmit(submitter);
  }

  function take(row, form, answer, html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const fresh = page.getElementById(row.id);
    if (!fresh) {
      refuse(row, page.querySelector(".lead")?.textContent ?? "Something went wrong.");
      return;
    }
    carryTyped(row, fresh, form);
    const wasTick = form.classList.contains("tick") || "undo" in form.dataset;
    row.replaceWith(fresh);
    const name = fresh.querySelector(".item-text").textContent;
    if (answer.ok) {
      fresh.classList.add("just-saved");
      countersign.say(`Saved: ${name}, ${fresh.querySelector(".item-meta").dataset.word}.`);
    } else {
      countersign.say(fresh.querySelector(".refused p")?.textContent ?? `Not saved: ${name}.`);
    }
    countersign.expireUndo(fresh);
    focusIn(fresh, wasTick, answer.ok);
    document.dispatchEvent(new CustomEvent("countersign:saved"));
  }

  /** What stands half typed in the row's other forms is not lost by a tick, nor is the choice for a change of several. */
  function carryTyped(row, fresh, sent) {
    for (const field of typedIn(row, sent)) {
      const twin = fresh.querySelector(`#${CSS.escape(field.id)}`);
      if (!twin) continue;
      if (field.type === "file") twin.files = field.files;
      else twin.value = field.value;
      for (let fold = twin.closest("details"); fold && fresh.contains(fold); fold = fold.parentElement.closest("details")) fold.open = true;
    }
    const [chosen, twin] = [row, fresh].map((one) => one.querySelector(".pick input"));
    if (chosen && twin && row.dataset.revision === fresh.dataset.revision) twin.checked = chosen.checked;
  }

  function focusIn(row, wasTick, isSaved) {
    const field = isSaved ? null : row.querySelector("details[open] details[open] :is(input:not([type=hidden], [type=radio]), textarea, select)");
    const target = field ?? (wasTick ? row.querySelector("[data-tick]") : row.querySelector(".more > summary, [data-more]")) ?? row;
    target.focus({ preventScroll: true });
  }

  function refuse(row, sentence, what = "Not saved:") {
    const id = `wrong-${row.id.replace("item-", "")}`;
    document.getElementById(id)?.remove();
    const box = document.createElement("div");
    box.id = id;
    box.className = "finding bad refused";
    const line = document.createElement("p");
    const start = document.createElement("b");
    start.textContent = what;
    line.append(start, ` ${sentence}`);
    box.append(line);
    row.querySelector(".item-main").append(box);
    row.querySelector("[data-tick]")?.setAttribute("aria-describedby", id);
    countersign.say(`${what} ${sentence}`);
  }

  countersign.isTyped = (field) => {
    if (field.type === "hidden") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") return [...field.options].some((option) => option.selected !== option.defaultSelected) && field.selectedIndex > 0;
    return field.value !== field.defaultValue;
  };
})();
