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

  /** The row with its forms, or nothing when the browser had to go there instead. */
  async function unfold(row) {
    const link = row.querySelector("[data-more]");
    if (!link) return row;
    if (row.dataset.busy) return null;
    row.dataset.busy = "yes";
    try {
      const answer = await fetch(link.href, { headers: fragment(row), signal: AbortSignal.timeout(PATIENCE) });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(row.id);
      if (answer.ok && !answer.redirected && fresh) {
        carryTyped(row, fresh, null);
        row.replaceWith(fresh);
        return fresh;
      }
    } catch (failure) {
      if (!(failure instanceof TypeError) && !(failure instanceof DOMException)) throw failure;
      refuse(row, "Countersign does not answer. Try again when the connection is back.");
      return null;
    } finally {
      delete row.dataset.busy;
    }
    location.assign(link.href);
    return null;
  }

  /** A list of many rows shows each of them in short. */
  const fragment = (row) => ({ "HX-Request": "true", ...(row.closest(".is-compact") && { "X-Compact": "1" }) });

  countersign.unfold = unfold;

  /** Somebody else put this tick here: taking it away starts with a sentence. */
  async function askForReason(folded, name) {
    const row = await unfold(folded);
    if (!row) return;
    const part = document.getElementById(name);
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
        headers: fragment(row),
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

  /** What stands half typed in the row's other forms is not lost by a tick. */
  function carryTyped(row, fresh, sent) {
    const typed = [...row.querySelectorAll("input[id], textarea[id], select[id]")].filter((field) => field.form !== sent && countersign.isTyped(field));
    const forms = row.querySelector(".more");
    if (!fresh.querySelector(".more") && typed.some((field) => forms?.contains(field))) moveForms(forms, fresh, sent);
    for (const field of typed) {
      const twin = fresh.querySelector(`#${CSS.escape(field.id)}`);
      if (!twin || twin === field) continue;
      twin.value = field.value;
      for (let fold = twin.closest("details"); fold && fresh.contains(fold); fold = fold.parentElement.closest("details")) fold.open = true;
    }
  }

  /** The open forms go over to the new row, and from now on speak of its revision. */
  function moveForms(forms, fresh, sent) {
    const key = fresh.querySelector('[name="idempotency_key"]');
    for (const field of forms.querySelectorAll('[name="revision"]')) field.value = fresh.dataset.revision;
    for (const field of forms.querySelectorAll('[name="idempotency_key"]')) field.value = key?.value ?? field.value;
    if (forms.contains(sent)) {
      sent.reset();
      sent.closest("details").open = false;
    }
    fresh.querySelector("[data-more]")?.remove();
    fresh.append(forms);
  }

  function focusIn(row, wasTick, isSaved) {
    const field = isSaved ? null : row.querySelector("details[open] details[open] :is(input:not([type=hidden], [type=radio]), textarea, select)");
    const target = field ?? (wasTick ? row.querySelector("[data-tick]") : row.querySelector(".more > summary, [data-more]")) ?? row;
    target.focus({ preventScroll: true });
  }

  function refuse(row, sentence) {
    const id = `wrong-${row.id.replace("item-", "")}`;
    document.getElementById(id)?.remove();
    const box = document.createElement("div");
    box.id = id;
    box.className = "finding bad refused";
    const line = document.createElement("p");
    const start = document.createElement("b");
    start.textContent = "Not saved:";
    line.append(start, ` ${sentence}`);
    box.append(line);
    row.querySelector(".item-main").append(box);
    row.querySelector("[data-tick]")?.setAttribute("aria-describedby", id);
    countersign.say(`Not saved: ${sentence}`);
  }

  countersign.isTyped = (field) => {
    if (field.type === "hidden") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") return [...field.options].some((option) => option.selected !== option.defaultSelected) && field.selectedIndex > 0;
    return field.value !== field.defaultValue;
  };
})();
