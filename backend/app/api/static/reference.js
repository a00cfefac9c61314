// The reference of the API: Swagger UI over /openapi.json, with the token that the page of the house keeps in this browser.

import { token } from "./api.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const colour = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", colour);
colour();

const shown = window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#reference",
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
  deepLinking: true,
  validatorUrl: null, // its badge would send the document to a foreign host
  onComplete: () => {
    if (token.get()) shown.preauthorizeApiKey("HTTPBearer", token.get());
  },
});
