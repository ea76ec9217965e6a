// A link to a cycle opens it on this page; with Ctrl, Cmd or the middle button it stays a link.
element.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-cycle]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  history.pushState(null, "", link.getAttribute("href"));
  trigger("show_cycle", { cycle: Number(link.dataset.cycle) });
});
