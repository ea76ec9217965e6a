// What has the focus: what is to be seen of it, and how far the mark of its focus stands out from what lies behind it.
async () => {
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame); // what appears with the focus is there
  const appearing = document.getAnimations().filter((one) => one.effect?.target?.contains(document.activeElement));
  const second = new Promise((done) => setTimeout(done, 1000)); // what moves without end is looked at as it is
  await Promise.race([second, Promise.allSettled(appearing.map((one) => one.finished))]);
  const parse = (css) => {
    const found = css.match(/rgba?\(([^)]+)\)/);
    return found ? found[1].split(/[\s,/]+/).map(Number) : [0, 0, 0, 0];
  };
  const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element.parentElement; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if ((colour[3] ?? 1) > 0.5) return colour;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [0, 0, 0] : [255, 255, 255];
  };
  const element = document.activeElement;
  if (!element || element === document.body) return null;
  // A checkbox that is drawn as a button shows its focus there.
  const drawn = element.matches(".play-box") ? element.nextElementSibling : element;
  const style = getComputedStyle(drawn), box = drawn.getBoundingClientRect();
  const [a, b] = [light(parse(style.outlineColor)), light(behind(drawn))].sort((x, y) => y - x);
  window.__probes ??= new Set();
  window.__probes.add(element);
  return {
    start: element.id === "walk-start",
    marked: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    ratio: (a + 0.05) / (b + 0.05),
    seen: box.width > 1 && box.height > 1 && drawn.checkVisibility({ opacityProperty: true, visibilityProperty: true }),
    html: element.outerHTML.slice(0, 200),
  };
}
