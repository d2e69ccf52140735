// A refused form stays as it was typed: the page keeps it, nothing else does. The
// server never echoes what it refused. Without scripts the form comes back empty.
addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.hasAttribute("data-keep")) return;
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
  const said = page.querySelector("[role=alert]:not([hidden])");
  if (answer.ok || !said) {
    document.replaceChild(document.adoptNode(page.documentElement), document.documentElement);
    scrollTo(0, 0);
    const title = document.querySelector("h1");
    title.tabIndex = -1;
    title.focus();
    return;
  }
  form.querySelector("[role=alert]")?.remove();
  said.tabIndex = -1;
  form.prepend(document.adoptNode(said));
  said.focus();
});
