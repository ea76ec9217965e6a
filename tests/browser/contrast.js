// Contrast of every visible piece of text against what really lies behind it (WCAG 2.2, relative luminance).
() => {
  const parse = (css) => {
    const found = css.match(/rgba?\(([^)]+)\)/);
    if (found) {
      const [r, g, b, a = 1] = found[1].split(/[\s,/]+/).map(Number);
      return [r, g, b, a];
    }
    const srgb = css.match(/color\(srgb ([^)]+)\)/);
    if (!srgb) throw new Error(`unreadable colour ${css}`);
    const [r, g, b, a = 1] = srgb[1].split(/[\s/]+/).map(Number);
    return [r * 255, g * 255, b * 255, a];
  };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const stack = [];
    for (let one = element; one; one = one.parentElement) stack.push(parse(getComputedStyle(one).backgroundColor));
    const page = matchMedia("(prefers-color-scheme: dark)").matches ? [0, 0, 0, 1] : [255, 255, 255, 1];
    return stack.reverse().reduce((under, top) => over(top, under), page);
  };
  const seen = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  };
  const found = [];
  const measure = (element, colour, words) => {
    const ground = behind(element);
    const [a, b] = [light(over(parse(colour), ground)), light(ground)].sort((x, y) => y - x);
    found.push({ ratio: (a + 0.05) / (b + 0.05), words: words.slice(0, 40), tag: element.tagName, class: String(element.className) });
  };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement, words = walk.currentNode.textContent.trim();
    if (words && !["SCRIPT", "STYLE", "NOSCRIPT"].includes(element.tagName) && seen(element))
      measure(element, getComputedStyle(element).color, words);
  }
  // A radio button and a checkbox show a mark, not their value; their words are in the label beside them.
  for (const field of document.querySelectorAll("input:not([type=radio], [type=checkbox]), textarea"))
    if (seen(field)) {
      measure(field, getComputedStyle(field).color, field.value || "a field's own text");
      if (field.placeholder) measure(field, getComputedStyle(field, "::placeholder").color, field.placeholder);
    }
  return found;
}
