/* The curation page without reloads: forms are sent in the background, rows can be dragged. Without this file every
   button still works; the page then comes back whole. */
(() => {
  "use strict";
  const page = () => document.getElementById("curation");
  if (!page()) return;

  const dirty = () => [...page().querySelectorAll("textarea")].filter((area) => area.value !== area.defaultValue);

  /* What an editor has typed, opened and focused survives the exchange of the page's contents. */
  function keep(saved) {
    const words = new Map(dirty().filter((area) => area.id !== saved).map((area) => [area.id, area.value]));
    const states = new Map([...page().querySelectorAll("details[id]")].map((box) => [box.id, box.open]));
    const focused = document.activeElement;
    const row = focused && focused.closest("[data-paper]");
    const below = row && (row.nextElementSibling || row.previousElementSibling);
    const label = focused && (focused.getAttribute("aria-label") || focused.value);
    return () => {
      words.forEach((text, id) => { const area = document.getElementById(id); if (area) area.value = text; });
      states.forEach((open, id) => { const box = document.getElementById(id); if (box) box.open = open; });
      if (!row || !label) return;
      const again = document.getElementById(row.id);
      const buttons = again ? [...again.querySelectorAll("button, textarea")] : [];
      const same = buttons.find((one) => (one.getAttribute("aria-label") || one.value) === label && !one.disabled);
      const target = same || buttons[0];
      if (target) target.focus({ preventScroll: true });
      // A hidden paper went into a closed fold: go on with the one that follows.
      if (target && document.activeElement !== target && below) {
        document.getElementById(below.id)?.querySelector("button")?.focus({ preventScroll: true });
      }
      again?.classList.add("is-fresh");
    };
  }

  function exchange(text, saved) {
    const next = new DOMParser().parseFromString(text, "text/html");
    const fresh = next.getElementById("curation");
    if (!fresh) return false;
    const restore = keep(saved);
    page().replaceWith(document.adoptNode(fresh));
    restore();
    announce(next);
    return true;
  }

  /* The server's words about what happened, for eyes and for screen readers. */
  let clearing;
  function announce(next) {
    const notes = [...next.querySelectorAll(".desk-message")];
    const bar = document.getElementById("desk-toast");
    bar.replaceChildren(...notes.map((note) => document.adoptNode(note)));
    clearTimeout(clearing);
    if (!bar.querySelector(".is-error")) clearing = setTimeout(() => bar.replaceChildren(), 6000);
  }

  async function send(form, fields, saved) {
    page().setAttribute("aria-busy", "true");
    try {
      const reply = await fetch(location.href.split("#")[0], { method: "POST", body: fields, credentials: "same-origin" });
      // 409: somebody else saved other words meanwhile; the page shows both.
      if (!(reply.ok || reply.status === 409) || !exchange(await reply.text(), saved)) throw new Error(String(reply.status));
    } catch {
      page().removeAttribute("aria-busy");
      if (form) { form.removeAttribute("data-desk"); addField(form, "do", fields.get("do")); form.submit(); }
      else location.reload();
    }
  }

  function addField(form, name, value) {
    const field = document.createElement("input");
    field.type = "hidden"; field.name = name; field.value = value;
    form.append(field);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-desk]")) return;
    event.preventDefault();
    const fields = new FormData(form, event.submitter);
    send(form, fields, form.querySelector("textarea")?.id);
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches(".curate-filters select")) event.target.form.requestSubmit();
  });

  addEventListener("beforeunload", (event) => { if (dirty().length) event.preventDefault(); });

  /* Drag and drop: a row is draggable while its handle is held. */
  let dragged = null;
  const list = (row) => row?.closest('.curate-list[data-sortable="yes"]');
  document.addEventListener("pointerdown", (event) => {
    const row = event.target.closest?.(".curate-handle")?.closest("[data-position]");
    if (list(row)) row.draggable = true;
  });
  document.addEventListener("dragstart", (event) => {
    if (!event.target.matches?.("[data-position][draggable=true]")) return;
    dragged = event.target;
    dragged.classList.add("is-dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.id);
  });
  document.addEventListener("dragover", (event) => {
    const over = dragged && event.target.closest?.("[data-position]");
    if (!over || over === dragged || list(over) !== list(dragged)) { if (dragged) event.preventDefault(); return; }
    event.preventDefault();
    const box = over.getBoundingClientRect();
    over[event.clientY > box.top + box.height / 2 ? "after" : "before"](dragged);
  });
  document.addEventListener("drop", (event) => { if (dragged) event.preventDefault(); });
  document.addEventListener("dragend", () => {
    if (!dragged) return;
    const row = dragged;
    dragged = null;
    row.draggable = false;
    row.classList.remove("is-dragged");
    const was = Number(row.dataset.position);
    const above = Number(row.previousElementSibling?.dataset.position || 0);
    const below = Number(row.nextElementSibling?.dataset.position || 0);
    const goal = below && below < was ? below : above > was ? above : was;
    if (goal === was) return;
    const fields = new FormData(row.querySelector("form[data-desk]"));
    fields.set("do", `move:${goal}`);
    send(null, fields);
  });
})();
