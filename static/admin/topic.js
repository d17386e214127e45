/* A topic's page: what a change would do is shown as it is typed, and papers that are found become seeds. */
(() => {
  "use strict";
  const later = (act, wait) => { let timer; return () => { clearTimeout(timer); timer = setTimeout(act, wait); }; };
  /* The newest answer counts, whichever comes last. */
  const asking = new Map();
  async function show(place, url, options) {
    asking.get(place)?.abort();
    const asked = new AbortController();
    asking.set(place, asked);
    place.setAttribute("aria-busy", "true");
    try {
      const reply = await fetch(url, { credentials: "same-origin", signal: asked.signal, ...options });
      place.innerHTML = reply.ok ? await reply.text() : "<p>This could not be shown just now.</p>";
    } catch (error) {
      if (error.name === "AbortError") return;
      place.innerHTML = "<p>This could not be shown just now.</p>";
    }
    place.removeAttribute("aria-busy");
  }

  addEventListener("DOMContentLoaded", () => {
    const effect = document.getElementById("topic-effect");
    const papers = document.getElementById("topic-papers");
    const form = effect?.closest("form");
    if (!form) return;
    const refresh = later(() => show(effect, effect.dataset.url, { method: "POST", body: new FormData(form) }), 500);
    form.addEventListener("input", (event) => { if (!papers?.contains(event.target)) refresh(); });
    if (!papers) return;

    const words = papers.querySelector("input");
    const found = papers.querySelector(".topic-found");
    const find = later(() => {
      if (words.value.trim()) show(found, `${papers.dataset.url}?q=${encodeURIComponent(words.value)}`);
      else found.replaceChildren();
    }, 300);
    words.addEventListener("input", find);
    words.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); find(); } });
    found.addEventListener("click", (event) => {
      const seed = event.target.closest?.("[data-seed]")?.dataset.seed;
      const field = document.getElementById("id_seeds");
      if (!seed || field.value.split(/[\s,]+/).includes(seed)) return;
      field.value = `${field.value.trim()}\n${seed}`.trim();
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  });
})();
