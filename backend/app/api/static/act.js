// A change that a person asks for: it says what comes of it, and what to do without a token.

import { Refused } from "./api.js";
import { by } from "./dom.js";

// in: the ids of the form and of the line that tells; what to do after a change, and without a token
// out: a function that carries a wish out; the wish returns the sentence that tells
export function acting(form, line, changed, refused) {
  const tell = (text, kind) => Object.assign(by(line), { textContent: text }).dataset.kind = kind;
  return async (wish) => {
    const buttons = [...by(form).querySelectorAll("button")];
    for (const button of buttons) button.disabled = true;
    tell("working…", "");
    try {
      tell(await wish(), "good");
      await changed();
    } catch (error) {
      tell(error instanceof Refused ? error.message : `Not done: ${error.message}`, "bad");
      if (error instanceof Refused) refused(error);
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  };
}
