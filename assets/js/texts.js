// The sentences the script says, translated by the server (templates/components/_texts.html).
export function text(name) {
  return document.getElementById("texts")?.dataset[name] || "";
}
