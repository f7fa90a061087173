// Menus are <details data-menu>; a click elsewhere or Escape closes them.
function shut(except) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) if (menu !== except) menu.open = false;
}

document.addEventListener("click", (event) => {
  const menu = event.target.closest("details[data-menu]");
  shut(event.target.closest(".menu-list a, .menu-list button") ? null : menu);
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.activeElement?.closest("details[data-menu][open]");
  shut();
  open?.querySelector("summary").focus();
});
