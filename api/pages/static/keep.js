// A refused form stays as it was typed: the page keeps it, nothing else does. The
// server never echoes what it refused; it says where, and the place is marked here.
// Without scripts the form comes back empty.
addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.hasAttribute("data-keep") && !form.hasAttribute("data-stay")) return;
  event.preventDefault();
  let answer, page;
  try {
    answer = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "text/html" },
      body: new URLSearchParams(new FormData(form, event.submitter)),
    });
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    form.submit();
    return;
  }
  const said = page.querySelector(answer.ok && form.hasAttribute("data-stay") ? "[role=status]" : "[role=alert]:not([hidden])");
  if (said && form.hasAttribute("data-stay")) {
    form.replaceWith(document.adoptNode(said));
    return;
  }
  if (answer.ok || !said) {
    document.replaceChild(document.adoptNode(page.documentElement), document.documentElement);
    scrollTo(0, 0);
    const title = document.querySelector("h1");
    title.tabIndex = -1;
    title.focus();
    return;
  }
  document.querySelectorAll("[role=alert]:not([hidden])").forEach((old) => old.remove());
  said.tabIndex = -1;
  form.before(document.adoptNode(said));
  mark(form, said);
  said.focus();
});

// mark shows the doubtful part of the text that the form still has. Positions count
// characters, which JavaScript's strings do not.
const mark = (form, said) => {
  form.querySelectorAll("[aria-invalid]").forEach((f) => f.removeAttribute("aria-invalid"));
  const name = said.dataset.field;
  const field = name && (form.querySelector(`[data-field="${name}"]`) || form.elements.namedItem(name));
  if (!field) return;
  field.setAttribute("aria-invalid", "true");
  const text = Array.from(field.value), start = Number(said.dataset.start), end = Number(said.dataset.end);
  const spot = said.querySelector(".spot");
  if (end > start) {
    const [before, found, after] = spot.children;
    before.textContent = (start > 40 ? "… " : "") + text.slice(Math.max(0, start - 40), start).join("");
    found.textContent = text.slice(start, end).join("");
    after.textContent = text.slice(end, end + 40).join("") + (end + 40 < text.length ? " …" : "");
    spot.hidden = false;
  }
  // A fixed sentence takes the place of the sentence that held what was found.
  said.querySelectorAll("[data-sentence]").forEach((button) => {
    button.hidden = false;
    button.nextElementSibling.hidden = true;
    button.addEventListener("click", () => {
      let from = start || 0, to = end || text.length;
      while (from > 0 && !/[.;!?\n]/.test(text[from - 1])) from--;
      while (to < text.length && !/[.;!?\n]/.test(text[to])) to++;
      const gap = from > 0 && text[from - 1] !== "\n" ? " " : "";
      field.value = text.slice(0, from).join("") + gap + button.dataset.sentence + text.slice(to).join("").replace(/^[.;!?]/, "");
      field.removeAttribute("aria-invalid");
      said.remove();
      field.focus();
    });
  });
};
