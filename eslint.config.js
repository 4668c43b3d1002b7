import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/*facts.js", "**/*.d.ts", ".venv/", "build/", "dist/"] },
  js.configs.recommended,
  {
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "no-implicit-coercion": "error",
      "no-restricted-properties": [
        "error",
        // Text must not become markup by way of a script.
        ...["innerHTML", "outerHTML", "insertAdjacentHTML"].map((property) => ({ property })),
      ],
      // Nothing is kept on the device.
      "no-restricted-globals": ["error", "localStorage", "sessionStorage", "indexedDB", "caches"],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
    },
  },
  { files: ["src/**", "docs/site/**"], languageOptions: { globals: globals.browser } },
  { files: ["tests/**", "docs/examples/**", "*.config.js"], languageOptions: { globals: globals.node } },
];
