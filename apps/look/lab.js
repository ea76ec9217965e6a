// What Gradio leaves out: tabs for the keyboard and the address bar, and failures of unqueued handlers.

// Tabs: arrows move, ?tab= opens, Back goes to the tab before.
(() => {
  const bar = () => document.querySelector("[role=tablist]");
  const tabs = () => [...(bar()?.querySelectorAll("[role=tab][data-tab-id]") ?? [])];
  const idOf = (tab) => tab.dataset.tabId;
  const chosen = () => tabs().find((tab) => tab.getAttribute("aria-selected") === "true");
  const wanted = () => new URLSearchParams(location.search).get("tab");

  let first;
  const open = (id) => {
    const tab = tabs().find((one) => idOf(one) === id);
    if (tab && tab !== chosen()) tab.click();
  };

  const remember = (id) => {
    const url = new URL(location.href);
    if (url.searchParams.get("tab") === id) return;
    url.searchParams.set("tab", id);
    history.pushState(null, "", url);
  };

  // Only what a person does is remembered; a click made by open() is not trusted by the browser.
  document.addEventListener("click", (event) => {
    const tab = event.target.closest?.("[role=tab][data-tab-id]");
    if (tab && event.isTrusted && bar()?.contains(tab)) remember(idOf(tab));
  });

  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest?.("[role=tab]");
    if (!tab || event.altKey || event.ctrlKey || event.metaKey) return;
    const all = [...tab.closest("[role=tablist]").querySelectorAll("[role=tab]:not([aria-disabled=true])")];
    const at = all.indexOf(tab);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = all[(to + all.length) % all.length];
    next.click();
    next.focus();
    if (bar()?.contains(next) && next.dataset.tabId) remember(idOf(next));
  });

  addEventListener("popstate", () => open(wanted() ?? first));

  const begin = () => {
    if (!tabs().length) return false;
    first = idOf(chosen() ?? tabs()[0]);
    if (wanted()) open(wanted());
    return true;
  };
  if (!begin()) {
    const watch = new MutationObserver(() => begin() && watch.disconnect());
    watch.observe(document.documentElement, { childList: true, subtree: true });
  }
})();

// Gradio says in words why a handler failed only if the handler was queued; the others are told here.
// One place on the page, so that a timer that keeps failing does not pile notes up.
(() => {
  const plain = (escaped) => new DOMParser().parseFromString(escaped, "text/html").documentElement.textContent;

  const tell = (words) => {
    let note = document.querySelector(".told");
    if (!note) {
      note = document.createElement("div");
      note.className = "told";
      note.setAttribute("role", "alert");
      const close = document.createElement("button");
      close.textContent = "Close";
      close.addEventListener("click", () => note.remove());
      note.append(document.createElement("p"), close);
      (document.querySelector(".gradio-container") ?? document.body).append(note);
    }
    note.firstChild.textContent = words;
  };

  const ask = window.fetch;
  window.fetch = async (...request) => {
    const reply = await ask(...request);
    if (reply.status >= 500 && /\/gradio_api\/(run|api)\//.test(reply.url)) {
      const said = await reply.clone().json().catch(() => ({}));
      tell(said.error ? plain(said.error) : "The lab could not do this. Its log has the details.");
    }
    return reply;
  };
})();

// What a person unfolded stays unfolded when the page draws the same thing anew.
(() => {
  const unfolded = new Set();
  document.addEventListener("toggle", ({ target }) => {
    const key = target.dataset?.keep;
    if (!key || !target.isConnected) return;
    if (target.open) unfolded.add(key);
    else unfolded.delete(key);
  }, true);
  new MutationObserver((changes) => {
    if (!unfolded.size || !changes.some((change) => change.addedNodes.length)) return;
    for (const one of document.querySelectorAll("details[data-keep]:not([open])"))
      if (unfolded.has(one.dataset.keep)) one.open = true;
  }).observe(document.documentElement, { childList: true, subtree: true });
})();

// A list of choices is read aloud by the name of its field; Gradio leaves it without one.
new MutationObserver((changes) => {
  if (!changes.some((change) => change.addedNodes.length)) return;
  for (const list of document.querySelectorAll("[role=listbox][id]:not([aria-label])")) {
    const name = document.querySelector(`[aria-controls="${list.id}"]`)?.getAttribute("aria-label");
    if (name) list.setAttribute("aria-label", name);
  }
}).observe(document.documentElement, { childList: true, subtree: true });

// Light, dark, or as the system: chosen in Settings, kept in this browser. The framework knows only the system.
(() => {
  const KEY = "lab-scheme";
  const kept = () => { try { return localStorage.getItem(KEY) ?? "system"; } catch { return "system"; } };
  const dark = () => kept() === "dark" || (kept() === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  const apply = () => {
    if (document.body.classList.contains("dark") !== dark()) document.body.classList.toggle("dark", dark());
    document.documentElement.style.colorScheme = dark() ? "dark" : "light";
  };
  window.labScheme = (wanted) => {
    if (wanted) {
      localStorage.setItem(KEY, wanted);
      apply();
    }
    return kept();
  };
  const begin = () => {
    if (kept() !== "system") apply();
    new MutationObserver(() => kept() !== "system" && apply()).observe(document.body, { attributeFilter: ["class"] });
  };
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
})();

// A random number by which this browser finds its last answer again; it names nobody.
window.labVisitor = () => {
  const KEY = "lab-visitor";
  try {
    const kept = localStorage.getItem(KEY);
    if (kept) return kept;
    const made = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    localStorage.setItem(KEY, made);
    return made;
  } catch {
    return "";
  }
};

(() => {
  let asked = false;
  try { asked = Boolean(localStorage.getItem("lab-visitor")); } catch { /* a browser that keeps nothing */ }
  if (!asked) return;
  const press = () => {
    const button = document.querySelector("#find-again");
    if (button) button.click();
    return Boolean(button);
  };
  const watch = new MutationObserver(() => press() && watch.disconnect());
  watch.observe(document.documentElement, { childList: true, subtree: true });
})();

// On paper everything is unfolded: what was asked, the answer, and what it rests on.
window.labPrint = () => {
  const folded = document.querySelectorAll("[role=tabpanel] .on-paper button.label-wrap:not(.open)");
  const details = [...document.querySelectorAll("[role=tabpanel] details:not([open])")].filter((one) => one.checkVisibility());
  for (const one of folded) one.click();
  for (const one of details) one.open = true;
  setTimeout(() => {
    window.print();
    for (const one of folded) one.click();
    for (const one of details) one.open = false;
  }, 400);
};
