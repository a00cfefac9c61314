// Elements without innerHTML: data only ever becomes text.

// in: "li", {class: "x", "data-test": "y"}, children (text or elements)   out: the element
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null && value !== false) element.setAttribute(name, value);
  element.append(...children.flat().filter((each) => each != null && each !== false));
  return element;
}

export const by = (id) => document.getElementById(id);

// Sets a text only if it is another one: no flicker, no lost selection.
export function say(id, text) {
  const element = by(id);
  if (element.textContent !== text) element.textContent = text;
  if (["P", "UL"].includes(element.tagName)) element.hidden = text === "";
}

const drawn = new Map();

// Draws children anew only if the data they are made of changed.
export function fill(id, data, build) {
  const key = JSON.stringify(data);
  if (drawn.get(id) === key) return;
  drawn.set(id, key);
  by(id).replaceChildren(...build(data));
}
