// Security keys: the server's options go to the browser, the key's answer comes back in the form's field `credential`.
const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const toText = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const withBytes = (list) => list?.map((entry) => ({ ...entry, id: toBytes(entry.id) }));

function create({ publicKey }) {
  const user = { ...publicKey.user, id: toBytes(publicKey.user.id) };
  const options = { ...publicKey, challenge: toBytes(publicKey.challenge), user, excludeCredentials: withBytes(publicKey.excludeCredentials) };
  return navigator.credentials.create({ publicKey: options });
}

function get({ publicKey }) {
  const options = { ...publicKey, challenge: toBytes(publicKey.challenge), allowCredentials: withBytes(publicKey.allowCredentials) };
  return navigator.credentials.get({ publicKey: options });
}

function plain(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
    authenticatorAttachment: credential.authenticatorAttachment,
  };
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest?.("form[data-key]");
  if (!form) return;
  event.preventDefault();
  const trouble = form.querySelector("[data-key-error]");
  trouble.hidden = true;
  if (!navigator.credentials || !window.PublicKeyCredential) {
    trouble.textContent = form.dataset.missing;
    trouble.hidden = false;
    return;
  }
  const options = JSON.parse(document.querySelector(form.dataset.key).textContent);
  try {
    const credential = await (options.creation_options ? create(options.creation_options) : get(options.request_options));
    form.elements.credential.value = JSON.stringify(plain(credential));
    form.submit();
  } catch {
    trouble.textContent = form.dataset.failed;
    trouble.hidden = false;
  }
});
