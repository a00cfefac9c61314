// Which house the page shows: `?site=` in the address; whoever may see others finds them in the head.

import { site } from "./api.js";
import { by, fill, h } from "./dom.js";

const HOME = "home";
const OURS = "Battery optimizer";

// call once
export function prepare() {
  by("houses").addEventListener("change", (event) => location.assign(addressOf(location.href, event.target.value)));
}

// in: the page's state   out: the selector, and the house's name in the title
export function drawHouses({ houses }) {
  if (!houses) return;
  const shown = shownOf(houses.sites, site);
  const offered = choices(houses.sites, shown);
  document.title = titleOf(houses.sites, shown);
  by("houses-part").hidden = offered.length < 2;
  fill("houses", [offered, shown], () => offered.map(({ id, name }) => h("option", { value: id, selected: id === shown && "selected" }, name)));
}

// in: houses, the address's   out: the id of the one that is answered for: without a wish a token's only one, else `home`
export function shownOf(sites, wanted) {
  if (wanted) return wanted;
  return sites.length === 1 ? sites[0].id : HOME;
}

const nameOf = ({ id, title }) => title || id;

// out: the document's title
export function titleOf(sites, shown) {
  const found = sites.find(({ id }) => id === shown);
  return found ? `${nameOf(found)} · ${OURS}` : OURS;
}

// out: what can be chosen: by its name, with its id where two share one; what the address names too, if it is none of them
export function choices(sites, shown) {
  const names = sites.map(nameOf);
  const twice = (name) => names.indexOf(name) !== names.lastIndexOf(name);
  const known = sites.map((each, i) => ({ id: each.id, name: twice(names[i]) ? `${names[i]} (${each.id})` : names[i] }));
  return sites.length === 0 || known.some(({ id }) => id === shown) ? known : [{ id: shown, name: shown }, ...known];
}

// in: an address, a house   out: the same page of that house
export function addressOf(href, id) {
  const url = new URL(href);
  url.searchParams.set("site", id);
  return url.href;
}
