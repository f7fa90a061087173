// The sentences the script says, translated by the server (templates/components/_texts.html).
export function text(name) {
  return document.getElementById("texts")?.dataset[name] || "";
}

// Who is signed in, as a number; empty before the sign-in.
export function me() {
  return document.querySelector("meta[name=user]")?.content || "";
}
