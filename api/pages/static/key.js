// A passkey is asked for by the page's own button. What the browser gives goes with
// the form, as any field does; nothing else is sent, and nothing is kept.
const fromText = (s) => Uint8Array.from(atob(s.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const toText = (b) => btoa(String.fromCharCode(...new Uint8Array(b))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function askKey(form) {
  // What somebody typed stays here: the question needs none of it.
  const hidden = new URLSearchParams();
  for (const field of form.elements) if (field.type === "hidden") hidden.set(field.name, field.value);
  const answer = await fetch(form.dataset.ask, { method: "POST", body: hidden });
  if (!answer.ok) throw new Error("refused");
  const asked = await answer.json();
  const key = asked.options.publicKey;
  key.challenge = fromText(key.challenge);
  for (const k of [...(key.excludeCredentials ?? []), ...(key.allowCredentials ?? [])]) k.id = fromText(k.id);
  if (key.user) key.user.id = fromText(key.user.id);
  const made = await (key.user ? navigator.credentials.create({ publicKey: key }) : navigator.credentials.get({ publicKey: key }));
  const said = { id: made.id, rawId: made.id, type: made.type, response: {}, clientExtensionResults: made.getClientExtensionResults() };
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
    if (made.response[part]) said.response[part] = toText(made.response[part]);
  if (made.response.getTransports) said.response.transports = made.response.getTransports();
  form.elements.ceremony.value = asked.ceremony;
  form.elements.answer.value = toText(new TextEncoder().encode(JSON.stringify(said)));
}

addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.ask || form.elements.answer.value) return;
  event.preventDefault();
  const failed = form.querySelector("[data-failed]");
  failed.hidden = true;
  try {
    await askKey(form);
    form.submit();
  } catch {
    failed.hidden = false;
    failed.focus();
  }
});
