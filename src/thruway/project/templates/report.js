(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  let chosen = "";
  const names = (element) => (element.dataset.step || "").split(" ");
  const mark = (name) => {
    for (const element of all("[data-step]")) {
      element.classList.toggle("on", name !== "" && names(element).includes(name));
    }
    for (const element of all("[data-from]")) {
      const { from, to } = element.dataset;
      element.classList.toggle("on", name !== "" && (from === name || to === name));
    }
  };
  const show = (element) => {
    const box = element && element.closest(".scroll");
    if (!box || box.scrollHeight <= box.clientHeight + 2) return;
    const gap = element.getBoundingClientRect().top - box.getBoundingClientRect().top;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    box.scrollTo({ top: box.scrollTop + gap - 14, behavior: calm ? "auto" : "smooth" });
  };
  const choose = (name, from) => {
    chosen = from && chosen === name ? "" : name;
    mark(chosen);
    if (!chosen) return;
    if (from !== "card") show(document.getElementById("step-" + name));
    if (from !== "passage") show(all(".passage").find((each) => names(each).includes(name)));
  };
  const watch = (selector, kind) => {
    for (const element of all(selector)) {
      const name = names(element)[0];
      element.addEventListener("mouseenter", () => mark(name));
      element.addEventListener("mouseleave", () => mark(chosen));
      element.addEventListener("click", (event) => {
        if (kind === "card" && event.target.closest("a, summary")) return;
        if (kind === "passage" && String(getSelection())) return;
        choose(name, kind);
      });
      element.addEventListener("keydown", (event) => {
        if (kind === "card" && event.target === element && event.key === "Enter") choose(name, kind);
      });
    }
  };
  watch(".passage[data-step]", "passage");
  watch(".card", "card");
  watch(".node", "");
  const follow = () => {
    if (location.hash.startsWith("#step-")) choose(location.hash.slice(6), "");
  };
  addEventListener("hashchange", follow);
  addEventListener("beforeprint", () => all("details").forEach((each) => { each.open = true; }));
  follow();
})();
